/** Koa 2 has no types of its own, and what the tests use of it is as in 3. */
declare module "koa2" {
  export { default } from "koa";
}
