// The shop's front. One line switches propagation on, before anything else is loaded.
import "@puggle/propagation/register";
import express from "express";
import { answer } from "./answer.ts";

const catalog = process.env.CATALOG_URL ?? "http://catalog.shop.svc.cluster.local";
const cart = process.env.CART_URL ?? "http://cart";
const madeOf = "Express 5, fetch";

const app = express();
app.set("json spaces", 2);

app.get("/products/:id", async (request, response) => {
  const product = await fetch(`${catalog}/products/${request.params.id}`);
  response.json(answer(request, "web", madeOf, [await product.json()]));
});

app.get("/cart", async (request, response) => {
  const content = await fetch(`${cart}/cart`);
  response.json(answer(request, "web", madeOf, [await content.json()]));
});

app.post("/checkout", express.json(), async (request, response) => {
  const headers = { "content-type": "application/json" };
  const order = await fetch(`${cart}/checkout`, { method: "POST", headers, body: JSON.stringify(request.body) });
  response.json(answer(request, "web", madeOf, [await order.json()]));
});

app.get("/healthz", (_, response) => void response.send("ok"));
app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
