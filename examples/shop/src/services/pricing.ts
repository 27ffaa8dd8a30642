// Switched on by one line. It also has a cron, which no request starts: see watchStock.
import "@puggle/propagation/register";
import { currentVirtualCluster, runInVirtualCluster } from "@puggle/propagation";
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
const lastWatch: Record<"own" | "nameless", object | undefined> = { own: undefined, nameless: undefined };

async function watchStock(as: keyof typeof lastWatch): Promise<void> {
  const header = currentVirtualCluster() ?? null;
  try {
    const stock = await fetch(`${inventory}/stock/all`);
    lastWatch[as] = { service: "pricing", version, header, madeOf: "cron, fetch", calls: [await stock.json()] };
  } catch (error) {
    console.error("stock watch:", error);
  }
}

setInterval(async () => {
  await watchStock("own");
  // As a process would that knows nothing of virtual clusters, in another language for example.
  await runInVirtualCluster(undefined, () => watchStock("nameless"));
}, watchEveryMs);

app.get("/stock-watch/:as", ({ params: { as } }, response) => {
  const found = as === "own" || as === "nameless" ? lastWatch[as] : undefined;
  response.status(found === undefined ? 503 : 200).json(found ?? {});
});
app.get("/healthz", (_, response) => void response.send("ok"));
app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
