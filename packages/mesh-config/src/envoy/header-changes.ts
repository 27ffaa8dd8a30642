import type { HeaderChanges, HeaderWrite } from "../routing/table.ts";

/** What a route, or one of several destinations, does to headers, in the fields that both have for it. */
export function printHeaderChanges({ request, response }: HeaderChanges) {
  return {
    ...listed("request_headers_to_add", request.written.map(printWrite)),
    ...listed("request_headers_to_remove", request.removed),
    ...listed("response_headers_to_add", response.written.map(printWrite)),
    ...listed("response_headers_to_remove", response.removed),
  };
}

function printWrite({ name, value, isAppended }: HeaderWrite) {
  return { header: { key: name, value }, ...(isAppended ? {} : { append_action: "OVERWRITE_IF_EXISTS_OR_ADD" }) };
}

function listed(field: string, values: readonly unknown[]): object {
  return values.length === 0 ? {} : { [field]: values };
}
