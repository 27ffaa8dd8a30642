import { writeFileSync } from "node:fs";
import { meshFileJsonSchema } from "../src/json-schema.ts";

const file = new URL("../mesh-file.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(meshFileJsonSchema(), null, 2)}\n`);
