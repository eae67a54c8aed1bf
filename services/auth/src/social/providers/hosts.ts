/**
 * A provider's hosts are configuration (VK moved from vk.com to vk.ru within a month). A host is a base address that
 * may carry a path, so that `http://127.0.0.1:9100/oauth.yandex.ru` can stand in for `https://oauth.yandex.ru`.
 */
export type Hosts<Defaults extends Readonly<Record<string, string>>> = {
  readonly [K in keyof Defaults]: string;
};

export function hostsOr<Defaults extends Readonly<Record<string, string>>>(
  defaults: Defaults,
  chosen: Partial<Hosts<Defaults>> | undefined,
): Hosts<Defaults> {
  return { ...defaults, ...chosen };
}

export function address(
  base: string,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): URL {
  const url = new URL(base.replace(/\/+$/, "") + path);
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value);
  return url;
}
