import { expect, it } from "vitest";
import { wordsOfRule } from "./saved-rule.ts";

it.each([
  ["words", "-A OUTPUT -j MARK", ["-A", "OUTPUT", "-j", "MARK"]],
  ["a quoted word", '--path "kubepods.slice/a b" -j MARK', ["--path", "kubepods.slice/a b", "-j", "MARK"]],
  ["an escaped backslash", String.raw`--path "my\\x2dslice.slice"`, ["--path", String.raw`my\x2dslice.slice`]],
  ["escaped quotes", String.raw`--comment "a \"b\" \'c\'"`, ["--comment", `a "b" 'c'`]],
  ["a backslash that nothing quotes", String.raw`--path my\x2dslice`, ["--path", String.raw`my\x2dslice`]],
  ["a quoted word of nothing", '--comment "" -j MARK', ["--comment", "", "-j", "MARK"]],
])("reads %s", (_, line, words) => expect(wordsOfRule(line)).toEqual(words));
