// Switched on by one line. It also has a cron, which no request starts: see /stock-watch.
import "@puggle/propagation/register";
import { currentVirtualCluster } from "@puggle/propagation";
import express from "express";
import { answer, version } from "./answer.ts";

const inventory = process.env.INVENTORY_URL ?? "http://inventory.shop.svc.cluster.local";
const watchEveryMs = Number(process.env.STOCK_WATCH_MS ?? 60_000);
const madeOf = "Express 5, fetch";

const app = express();

app.get("/prices/:id", async (request, response) => {
  const stock = await fetch(`${inventory}/stock/${request.params.id}`);
  response.json(answer(request, "pricing", madeOf, [await stock.json()]));
});

/** What the cron found when it last ran; `header` is what this process itself knew of a virtual cluster then. */
let lastWatch: object | undefined;

setInterval(async () => {
  const header = currentVirtualCluster() ?? null;
  try {
    const stock = await fetch(`${inventory}/stock/all`);
    lastWatch = { service: "pricing", version, header, madeOf: "cron, fetch", calls: [await stock.json()] };
  } catch (error) {
    console.error("stock watch:", error);
  }
}, watchEveryMs);

app.get("/stock-watch", (_, response) => void response.status(lastWatch === undefined ? 503 : 200).json(lastWatch ?? {}));
app.get("/healthz", (_, response) => void response.send("ok"));
app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
