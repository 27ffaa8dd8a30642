// The end of the way: it calls nobody. Propagation is on all the same, so that it stays on when that changes.
import "@puggle/propagation/register";
import express from "express";
import { answer } from "./answer.ts";

const app = express();

app.get("/stock/:id", (request, response) => void response.json(answer(request, "inventory", "Express 5")));
app.get("/healthz", (_, response) => void response.send("ok"));
app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
