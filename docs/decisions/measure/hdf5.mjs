// HDF5 through h5wasm: loading the module, writing and reading a stack of images, against plain file reads.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { heading, perCall, row } from './timing.mjs';

const begin = process.hrtime.bigint();
const { default: h5wasm } = await import('h5wasm/node');
await h5wasm.ready;
const loaded = Number(process.hrtime.bigint() - begin);

const folder = mkdtempSync(join(tmpdir(), 'hdf5-'));
try {
  const images = 1_000;
  const data = Float32Array.from({ length: images * 4096 }, (_, i) => i % 97);
  const file = join(folder, 'images.h5');
  const plain = join(folder, 'images.bin');
  heading(`${images} images of 64x64 float32 (${(data.byteLength / 2 ** 20).toFixed(1)} MiB)`);
  row('loading the module, once', { median: loaded, best: loaded, worst: loaded });
  const write = () => {
    const h5 = new h5wasm.File(file, 'w');
    h5.create_dataset({ name: 'intensities', data, shape: [images, 1, 64, 64], dtype: '<f4' });
    h5.close();
  };
  row('h5wasm: write', await perCall(write, 1));
  row(
    'h5wasm: open, read all',
    await perCall(() => {
      const h5 = new h5wasm.File(file, 'r');
      const got = h5.get('intensities').value;
      if (got.length !== data.length || got[96] !== 96)
        throw new Error('read other values than were written');
      h5.close();
    }, 1),
  );
  row(
    'h5wasm: one image of an open file',
    await perCall((n) => {
      const h5 = new h5wasm.File(file, 'r');
      const set = h5.get('intensities');
      for (let i = 0; i < n; i++) set.slice([[i, i + 1]]);
      h5.close();
    }, 500),
  );
  row('plain write', await perCall(() => writeFileSync(plain, data), 1));
  row('plain read', await perCall(() => readFileSync(plain), 1));
} finally {
  rmSync(folder, { recursive: true });
}
