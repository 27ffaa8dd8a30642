import http from "node:http";
import { instrumentUndici, register, stats } from "@puggle/propagation";
import express from "express";
import * as undici from "undici";
import { arrived, exchange } from "./exchange.cjs";

test("names arrive once in a test that is an ES module", async () => {
  register();
  instrumentUndici(undici);
  const { sent } = stats();
  expect(await exchange({ express, http, undici })).toEqual(arrived("vc-1", [], "vc-2"));
  expect(stats().sent - sent).toBe(6);
  console.log(`sent: ${stats().sent}`);
});
