/** All that a reader of markup can find in a picture: text, titles, labels, names and ids; outlines are numbers only. */
export function textOf(svg: string): string {
  const text = svg.replace(/<[^>]*>/g, " ");
  const attributes = [...svg.matchAll(/\s(?!xmlns|viewBox|fill|fill-rule)([\w:-]+)="([^"]*)"/g)]
    .filter(([, name]) => name !== "d")
    .map(([, , value]) => value);
  return [text, ...attributes].join(" ").trim();
}
