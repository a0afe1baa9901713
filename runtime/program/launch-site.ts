// Where in the user's program a launch stands.

/** `file:line:column` of the first frame of a stack that lies outside of the runtime. */
export function launchSite(site: { readonly stack?: string }): string {
  const frames = (site.stack ?? '').split('\n').slice(1);
  const here = new URL('..', import.meta.url).href;
  const frame = frames.find((line) => !line.includes(here) && !line.includes('node:')) ?? frames[0] ?? '';
  const place = /\(?((?:file:\/\/|\/)[^()]*:\d+:\d+)\)?$/.exec(frame.trim());
  return place?.[1]?.replace(/^file:\/\//, '') ?? (frame.trim().replace(/^at /, '') || 'an unknown place');
}
