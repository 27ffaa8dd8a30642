// Not a word about virtual clusters: it is started by `node --import @puggle/propagation/register catalog.ts`.
import express from "express4";
import { request as call } from "undici";
import { answer } from "./answer.ts";

const pricing = process.env.PRICING_URL ?? "http://pricing.shop.svc.cluster.local";
const madeOf = "Express 4, undici";

const app = express();

app.get("/products/:id", async (request, response, next) => {
  try {
    const price = await call(`${pricing}/prices/${request.params.id}`);
    response.json(answer(request, "catalog", madeOf, [await price.body.json()]));
  } catch (error) {
    next(error);
  }
});

app.get("/healthz", (_, response) => void response.send("ok"));
app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
