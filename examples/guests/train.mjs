// Trains a small convolutional network on drawn digits with TensorFlow.js on its WebGPU backend.
// Everything random is seeded, so two runs on the same GPU can be compared by the weights' hash.
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
// Registers the 'webgpu' backend, if navigator.gpu exists by now.
import '@tensorflow/tfjs-backend-webgpu';
import { emit, main, watchDevice } from './cli.mjs';
import { CLASSES, SIZE, makeDigits } from './digits.mjs';
import { seededRandom } from './random.mjs';

const TRAIN_IMAGES = 1024;
const TEST_IMAGES = 128;

await main({
  name: 'train.mjs',
  summary: 'Trains a small convolutional network to read digits, with TensorFlow.js on WebGPU.\n' +
    'Exits with 1 if the loss on held-out images did not fall.',
  options: {
    steps: { help: 'Training steps', default: 60, max: 100_000 },
    batch: { help: 'Images in each step', default: 32, max: TRAIN_IMAGES },
    seed: { help: 'Seed for images, first weights and batches', default: 1, min: 0, max: 2 ** 31 - 1 },
  },
}, async ({ steps, batch, seed }) => {
  if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js could not start its WebGPU backend');
  // TensorFlow.js has no error handling of its own for GPU errors: it would go on with garbage.
  watchDevice(tf.backend().device);

  const model = makeModel(seed);
  const train = makeDigits(TRAIN_IMAGES, seed);
  const test = toTensors(makeDigits(TEST_IMAGES, seed + 1));
  const random = seededRandom(seed + 2);

  const before = await evaluate(model, test);
  for (let step = 1; step <= steps; step++) {
    const { images, labels } = toTensors(pickBatch(train, batch, random));
    const loss = await model.trainOnBatch(images, labels);
    tf.dispose([images, labels]);
    emit('progress', { step, steps, loss });
  }
  const after = await evaluate(model, test);

  const fell = after.loss < before.loss;
  return {
    work: `convnet of ${model.countParams()} weights, ${steps} steps of ${batch} images, TensorFlow.js ${tf.version_core} on WebGPU`,
    lossFirst: before.loss,
    lossLast: after.loss,
    accuracy: after.accuracy,
    weightsSha256: await hashWeights(model),
    ok: fell,
    verdict: fell ? 'loss fell' : 'loss did not fall',
  };
});

function makeModel(seed) {
  // Each layer has its own seed; by default Keras-style initialisers draw from Math.random.
  let layer = 0;
  const kernelInitializer = () => layers.initializers.heNormal({ seed: seed * 100 + ++layer });
  const conv = (filters, more) => layers.layers.conv2d({
    filters, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', kernelInitializer: kernelInitializer(), ...more,
  });
  const model = layers.sequential({
    layers: [
      conv(4, { inputShape: [SIZE, SIZE, 1] }),
      conv(16),
      layers.layers.flatten(),
      layers.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: kernelInitializer() }),
    ],
  });
  model.compile({ optimizer: tf.train.momentum(0.05, 0.9), loss: 'categoricalCrossentropy' });
  return model;
}

function pickBatch({ images, labels }, count, random) {
  const pixels = SIZE * SIZE;
  const picked = { images: new Float32Array(count * pixels), labels: new Int32Array(count) };
  for (let i = 0; i < count; i++) {
    const from = Math.floor(random() * labels.length);
    picked.images.set(images.subarray(from * pixels, (from + 1) * pixels), i * pixels);
    picked.labels[i] = labels[from];
  }
  return picked;
}

function toTensors({ images, labels }) {
  return {
    images: tf.tensor4d(images, [labels.length, SIZE, SIZE, 1]),
    labels: tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES), 'float32')),
  };
}

async function evaluate(model, { images, labels }) {
  const results = tf.tidy(() => {
    const predicted = model.predict(images);
    return [
      tf.mean(layers.metrics.categoricalCrossentropy(labels, predicted)),
      tf.mean(layers.metrics.categoricalAccuracy(labels, predicted)),
    ];
  });
  const [[loss], [accuracy]] = await Promise.all(results.map((result) => result.data()));
  tf.dispose(results);
  return { loss, accuracy };
}

async function hashWeights(model) {
  const hash = createHash('sha256');
  for (const weight of model.getWeights()) hash.update(await weight.data());
  return hash.digest('hex');
}
