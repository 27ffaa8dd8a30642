const cluster = require("node:cluster");

if (cluster.isPrimary) {
  cluster.setupPrimary({ silent: true });
  const workers = [cluster.fork(), cluster.fork()];
  for (const { process: child } of workers) child.stderr.pipe(process.stderr);
  let listening = 0;
  cluster.on("listening", (_worker, { port }) => {
    listening += 1;
    // Both share the port; requests are dealt out once both listen.
    if (listening === workers.length) console.log(JSON.stringify({ port }));
  });
  process.on("SIGTERM", () => {
    for (const { process: child } of workers) child.kill();
    process.exit();
  });
} else {
  require("./service.cjs");
}
