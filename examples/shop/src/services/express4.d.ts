// Express 4 under its alias. The shop uses of it only what Express 5 types in the same way.
declare module "express4" {
  export { default } from "express";
}
