const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** A request as a curl command; the token stands there by the name of its variable. */
export async function curlOf(request: Request): Promise<string> {
  const body = request.method === 'GET' ? '' : await request.text();
  const headers = [...request.headers].map(([name, value]) =>
    name === 'authorization' ? `-H "Authorization: Bearer $SIGNALBOX_TOKEN"` : `-H ${quoted(`${name}: ${value}`)}`,
  );
  const method = request.method === 'GET' ? [] : ['-X', request.method];
  return ['curl', '-sS', ...method, quoted(request.url), ...headers, ...(body === '' ? [] : ['-d', quoted(body)])].join(' ');
}
