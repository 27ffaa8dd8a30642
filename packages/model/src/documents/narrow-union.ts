import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/**
 * Where a value fits none of several alternatives: what is wrong with it as the alternative whose type it has, or the issue itself where it
 * has the type of none.
 */
export function narrowUnion(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union" || !isNamed(issue)) return [issue];
  const meant = issue.errors.find((issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0));
  return meant?.flatMap((inner) => narrowUnion({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

/** Did the schema say in words what the alternatives are? `z.json()` does not: what is no JSON was meant as none of them. */
export function isNamed(union: z.core.$ZodIssueInvalidUnion): boolean {
  return union.message !== "Invalid input";
}
