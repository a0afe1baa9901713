// The few things of the browser that the scripts of the page use, as types. The project is compiled without the
// browser's own types, which would change the meaning of node's globals everywhere.

export interface PageElement {
  textContent: string | null;
  hidden: boolean;
  readonly dataset: Record<string, string | undefined>;
  readonly style: Record<string, string>;
  readonly clientWidth: number;
  readonly clientHeight: number;
  value: string;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  appendChild(child: PageElement): void;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  getBoundingClientRect(): { left: number; top: number; width: number; height: number };
  setPointerCapture(id: number): void;
  addEventListener(kind: string, heard: (event: PageEvent) => void, options?: object): void;
}

export interface PageEvent {
  readonly clientX: number;
  readonly clientY: number;
  readonly deltaX: number;
  readonly deltaY: number;
  readonly pointerId: number;
  readonly buttons: number;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly key: string;
  preventDefault(): void;
}

export interface Pixels {
  readonly data: Uint8ClampedArray;
}

export interface Brush {
  fillStyle: string;
  strokeStyle: string;
  font: string;
  textBaseline: string;
  textAlign: string;
  globalAlpha: number;
  fillRect(x: number, y: number, width: number, height: number): void;
  clearRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { width: number };
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  createImageData(width: number, height: number): Pixels;
  putImageData(pixels: Pixels, x: number, y: number): void;
}

export interface Canvas extends PageElement {
  width: number;
  height: number;
  getContext(kind: '2d'): Brush;
}

export interface Page {
  readonly documentElement: PageElement;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  createElementNS(space: string, name: string): PageElement;
}

export interface PageWindow {
  readonly devicePixelRatio: number;
  readonly document: Page;
  addEventListener(kind: string, heard: () => void): void;
  requestAnimationFrame(draw: () => void): void;
  getComputedStyle(element: PageElement): { getPropertyValue(name: string): string };
  matchMedia(query: string): { readonly matches: boolean };
  atob(text: string): string;
}
