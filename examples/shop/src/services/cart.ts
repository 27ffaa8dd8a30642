// Not a word about virtual clusters: it is started by `node --import @puggle/propagation/register cart.ts`.
import { request as call, type RequestOptions } from "node:http";
import { json } from "node:stream/consumers";
import express from "express";
import { answer } from "./answer.ts";

const pricing = process.env.PRICING_URL ?? "http://pricing.shop.svc.cluster.local";
const payments = process.env.PAYMENTS_URL ?? "http://api.payments.example";
const madeOf = "Express 5, node:http";

const app = express();

app.get("/cart", async (request, response) => {
  response.json(answer(request, "cart", madeOf, [await callJson(`${pricing}/prices/1`)]));
});

app.post("/checkout", express.json(), async (request, response) => {
  const options = { method: "POST", headers: { "content-type": "application/json" } };
  const payment = await callJson(`${payments}/charges`, options, JSON.stringify(request.body));
  response.json(answer(request, "cart", madeOf, [payment]));
});

app.get("/healthz", (_, response) => void response.send("ok"));
app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");

async function callJson(url: string, options: RequestOptions = {}, body?: string): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const request = call(url, options, (response) => json(response).then(resolve, reject));
    request.on("error", reject).end(body);
  });
}
