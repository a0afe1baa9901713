// Runs in the browser: the map as a lit surface that the reader turns. The text of each exported function is put into
// the page, so each must be complete in itself.
import type { Canvas, PageWindow } from './dom.js';

/** A map as the page holds it. */
export interface PageVolume {
  readonly name: string;
  readonly n: number;
  /** n^3 bytes, C order (x, y, z), base64. */
  readonly bytes: string;
}

/**
 * Shows maps as surfaces of equal density, side by side, turned together. A ray for each pixel walks through the
 * map until the density passes the level; light comes from the upper left of the reader.
 */
export function showMaps(window: PageWindow, volumes: readonly PageVolume[]): void {
  const { document } = window;
  const canvases = [...document.querySelectorAll('canvas.surface')] as Canvas[];
  const slider = document.querySelector('#level');
  if (canvases.length === 0 || slider === null) return;
  const maps = volumes.map(({ n, bytes }) => {
    const text = window.atob(bytes);
    const values = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) values[i] = text.charCodeAt(i);
    return { n, values };
  });
  // The orientation as a rotation matrix, rows: what the reader calls right, up, and towards the eye.
  let turn = [0.82, 0.57, 0, -0.2, 0.29, 0.94, 0.54, -0.77, 0.35];
  let pending = false;

  function draw(canvas: Canvas, n: number, values: Uint8Array, pixels: number, level: number): void {
    const brush = canvas.getContext('2d');
    canvas.width = pixels;
    canvas.height = pixels;
    const image = brush.createImageData(pixels, pixels);
    const out = image.data;
    const nn = n * n;
    const middle = (n - 1) / 2;
    const radius = middle * 1.05;
    const value = (x: number, y: number, z: number): number => {
      if (x < 0 || y < 0 || z < 0 || x >= n - 1 || y >= n - 1 || z >= n - 1) return 0;
      const ix = x | 0;
      const iy = y | 0;
      const iz = z | 0;
      const fx = x - ix;
      const fy = y - iy;
      const fz = z - iz;
      const at = ix * nn + iy * n + iz;
      const a = values[at]! + (values[at + 1]! - values[at]!) * fz;
      const b = values[at + n]! + (values[at + n + 1]! - values[at + n]!) * fz;
      const c = values[at + nn]! + (values[at + nn + 1]! - values[at + nn]!) * fz;
      const d = values[at + nn + n]! + (values[at + nn + n + 1]! - values[at + nn + n]!) * fz;
      const ab = a + (b - a) * fy;
      return ab + (c + (d - c) * fy - ab) * fx;
    };
    const [rx, ry, rz, ux, uy, uz, ex, ey, ez] = turn as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const step = 0.8;
    for (let py = 0; py < pixels; py++) {
      const v = (1 - (2 * (py + 0.5)) / pixels) * radius;
      for (let px = 0; px < pixels; px++) {
        const u = ((2 * (px + 0.5)) / pixels - 1) * radius;
        const inside = radius * radius - u * u - v * v;
        if (inside <= 0) continue;
        const reach = Math.sqrt(inside);
        const ox = middle + u * rx + v * ux;
        const oy = middle + u * ry + v * uy;
        const oz = middle + u * rz + v * uz;
        let before = 0;
        let hit = Number.NaN;
        for (let s = reach; s > -reach; s -= step) {
          const here = value(ox + s * ex, oy + s * ey, oz + s * ez);
          if (here >= level) {
            hit = s + (step * (here - level)) / (here - before || 1);
            break;
          }
          before = here;
        }
        if (Number.isNaN(hit)) continue;
        const x = ox + hit * ex;
        const y = oy + hit * ey;
        const z = oz + hit * ez;
        const gx = value(x - 1, y, z) - value(x + 1, y, z);
        const gy = value(x, y - 1, z) - value(x, y + 1, z);
        const gz = value(x, y, z - 1) - value(x, y, z + 1);
        const g = Math.hypot(gx, gy, gz) || 1;
        const right = (gx * rx + gy * ry + gz * rz) / g;
        const up = (gx * ux + gy * uy + gz * uz) / g;
        const eye = Math.max(0, (gx * ex + gy * ey + gz * ez) / g);
        const light = Math.max(0, -0.45 * right + 0.55 * up + 0.7 * eye);
        const shine = Math.max(0, -0.22 * right + 0.28 * up + 0.93 * eye) ** 24;
        const near = 0.72 + (0.28 * (hit + radius)) / (2 * radius);
        const shade = (0.16 + 0.84 * light) * near;
        const rim = (1 - eye) ** 3 * 0.25;
        const i = 4 * (py * pixels + px);
        out[i] = 255 * (0.36 * shade + 0.5 * shine + 0.15 * rim) + 34 * shade * shade;
        out[i + 1] = 255 * (0.72 * shade + 0.45 * shine + 0.4 * rim);
        out[i + 2] = 255 * (0.7 * shade + 0.4 * shine + 0.6 * rim);
        out[i + 3] = 255;
      }
    }
    brush.putImageData(image, 0, 0);
  }

  function drawAll(coarse: boolean): void {
    const level = Number(slider!.value) * 2.55;
    canvases.forEach((canvas, i) => {
      const map = maps[i];
      if (map === undefined) return;
      const full = Math.min(420, Math.round(canvas.clientWidth * Math.min(window.devicePixelRatio, 1.5)));
      draw(canvas, map.n, map.values, coarse ? Math.min(150, full) : full, level);
    });
  }
  function later(coarse: boolean): void {
    if (pending) return;
    pending = true;
    window.requestAnimationFrame(() => {
      pending = false;
      drawAll(coarse);
    });
  }
  /** Turns by `dx` about the reader's upward axis and by `dy` about the one that points right. */
  function rotate(dx: number, dy: number): void {
    const [c, s, k, l] = [Math.cos(dx), Math.sin(dx), Math.cos(dy), Math.sin(dy)];
    const r = turn.slice(0, 3);
    const u = turn.slice(3, 6);
    const e = turn.slice(6, 9);
    const r2 = r.map((value, i) => c * value - s * e[i]!);
    const e2 = r.map((value, i) => s * value + c * e[i]!);
    const u3 = u.map((value, i) => k * value + l * e2[i]!);
    const e3 = u.map((value, i) => -l * value + k * e2[i]!);
    turn = [...r2, ...u3, ...e3];
  }
  for (const canvas of canvases) {
    let last: [number, number] | null = null;
    canvas.addEventListener('pointerdown', (event) => {
      last = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (last === null) return;
      rotate((event.clientX - last[0]) * 0.01, (event.clientY - last[1]) * -0.01);
      last = [event.clientX, event.clientY];
      later(true);
    });
    canvas.addEventListener('pointerup', () => {
      last = null;
      later(false);
    });
    canvas.addEventListener('keydown', (event) => {
      const steps: Record<string, [number, number]> = {
        ArrowLeft: [-0.15, 0],
        ArrowRight: [0.15, 0],
        ArrowUp: [0, 0.15],
        ArrowDown: [0, -0.15],
      };
      const by = steps[event.key];
      if (by === undefined) return;
      event.preventDefault();
      rotate(by[0], by[1]);
      later(false);
    });
  }
  slider.addEventListener('input', () => later(true));
  slider.addEventListener('change', () => later(false));
  window.addEventListener('resize', () => later(false));
  drawAll(false);
}
