import { expressWays } from "./express.ts";
import { fastifyWays } from "./fastify.ts";
import { grpcWay } from "./grpc.ts";
import { honoWays } from "./hono.ts";
import { koaWays } from "./koa.ts";
import { nestWays } from "./nestjs.ts";
import { nodeWays } from "./node.ts";
import type { OtherWayIn, WayIn } from "./way.ts";
import { webSocketWays } from "./websocket.ts";

/** Every way for requests to come into a service. */
export const waysIn: readonly (WayIn | OtherWayIn)[] = [
  ...nodeWays,
  ...expressWays,
  ...fastifyWays,
  ...koaWays,
  ...honoWays,
  ...nestWays,
  grpcWay,
  ...webSocketWays,
];
