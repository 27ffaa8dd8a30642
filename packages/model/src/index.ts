export * from "./generated-file.ts";
export * from "./grammar.ts";
export * from "./mesh-file/index.ts";
export * from "./schema.ts";
