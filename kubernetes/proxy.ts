import { isIP } from "node:net";
import * as ipaddr from "ipaddr.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy through which a server is reached, or undefined: what `oc` does with HTTPS_PROXY, HTTP_PROXY and NO_PROXY
 * (golang.org/x/net/http/httpproxy), so that the program takes no other way than the Kubernetes provider.
 */
export function proxyOf(server: URL, environment: Environment = process.env): string | undefined {
  const variable = server.protocol === "http:" ? "HTTP_PROXY" : "HTTPS_PROXY";
  const proxy = either(environment, variable);
  if (proxy === "" || isExcepted(server, either(environment, "NO_PROXY"))) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function either(environment: Environment, name: string): string {
  return environment[name] || environment[name.toLowerCase()] || "";
}

function isExcepted(server: URL, exceptions: string): boolean {
  const host = bare(server.hostname.toLowerCase());
  const port = server.port || (server.protocol === "http:" ? "80" : "443");
  if (host === "localhost" || (isIP(host) && ipaddr.process(host).range() === "loopback")) return true;
  return exceptions
    .split(",")
    .map((exception) => exception.trim().toLowerCase())
    .some((exception) => exception === "*" || covers(exception, host, port));
}

function covers(exception: string, host: string, port: string): boolean {
  if (ipaddr.isValidCIDR(exception)) return isIP(host) !== 0 && isWithin(host, exception);
  const [, name = "", onlyPort] = /^(\[.*\]|[^:]+):(\d+)$/.exec(exception) ?? ["", exception];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const wanted = bare(name).replace(/^\*(?=\.)/, "");
  if (wanted === "") return false;
  if (isIP(wanted)) return isIP(host) !== 0 && same(wanted, host);
  return wanted.startsWith(".") ? host.endsWith(wanted) : host === wanted || host.endsWith(`.${wanted}`);
}

function isWithin(address: string, network: string): boolean {
  const [base, bits] = ipaddr.parseCIDR(network);
  const parsed = ipaddr.process(address);
  return parsed.kind() === base.kind() && parsed.match(base, bits);
}

function same(one: string, other: string): boolean {
  return ipaddr.process(one).toNormalizedString() === ipaddr.process(other).toNormalizedString();
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
