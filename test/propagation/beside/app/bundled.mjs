import http from "node:http";
import { instrumentUndici, register } from "@puggle/propagation";
import express from "express";
import * as undici from "undici";
import { serve } from "./serve.cjs";

register();
if (process.env.ASKED_FOR === "instrument-undici") instrumentUndici(undici);
serve({ express, http, undici });
