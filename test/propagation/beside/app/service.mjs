import http from "node:http";
import express from "express";
import * as undici from "undici";
import { serve } from "./serve.cjs";

serve({ express, http, undici });
