import { findEnvoy } from "@puggle/local-envoy";
import { startCluster } from "../cluster/cluster.ts";
import { buildTools } from "../tools/build.ts";
import { startNode } from "../node/node.ts";
const t0=Date.now(); const say=(m:string)=>console.log(((Date.now()-t0)/1000).toFixed(2), m);
const tools = await buildTools(say);
const envoy = (await findEnvoy({})).path;
const cluster = await startCluster(tools, { onProgress: say });
const node = await startNode(cluster, { envoy, outside: "outside/" });
say("node");
const hop = new URL("../end-to-end/hop-service.ts", import.meta.url).pathname;
const dep=(ns:string,name:string)=>[{apiVersion:"v1",kind:"Service",metadata:{name,namespace:ns},spec:{selector:{app:name},ports:[{name:"http",port:80,targetPort:8080}]}},
{apiVersion:"apps/v1",kind:"Deployment",metadata:{name,namespace:ns},spec:{replicas:1,selector:{matchLabels:{app:name}},template:{metadata:{labels:{app:name}},spec:{containers:[{name,image:"hop",command:[process.execPath,"--import",import.meta.resolve("@puggle/propagation/register"),hop],env:[{name:"POD",valueFrom:{fieldRef:{fieldPath:"metadata.name"}}}],readinessProbe:{httpGet:{port:8080,path:"/healthz"}}}]}}}}];
await cluster.objects.set([
 {apiVersion:"v1",kind:"Namespace",metadata:{name:"shop",labels:{"istio-injection":"enabled"}}},
 {apiVersion:"v1",kind:"Namespace",metadata:{name:"outside"}},
 ...dep("shop","web"),...dep("shop","cart"),...dep("outside","world")] as never);
say("applied");
for(;;){ const {items}=await cluster.api.list({apiVersion:"apps/v1",kind:"Deployment"}); if(items.every(i=>(i.status as any)?.availableReplicas===1)) break; await new Promise(r=>setTimeout(r,50)); if(Date.now()-t0>40000){console.log(JSON.stringify(items.map(i=>i.status)));console.log([...node.pods]);break} }
say("available");
const web=[...node.pods].find(([k])=>k.startsWith("shop/web"))![1];
for (const url of ["http://cart/items","http://cart.shop.svc.cluster.local/x","http://example.com/y"]) {
const r=await fetch(`http://${web.address}:8080/`,{headers:{"virtual-cluster-name":"pr-1","x-then":encodeURIComponent(JSON.stringify([{method:"GET",url,headers:{}}]))}});
say(await r.text()); }
if(process.argv[2]==="hold") await new Promise(r=>setTimeout(r,1e9));
await node.stop(); say("node stopped"); await cluster.stop(); say("stopped");
