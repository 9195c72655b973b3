import { type Workload, check } from './workload.ts';

const IMAGE_SIZE = 16;
const CLASS_COUNT = 10;
const BATCH_SIZE = 32;
const STEP_COUNT = 4;

/** Steps of a small convolutional network's training, with TensorFlow.js as it is. */
export const trainStep: Workload = {
  name: 'train_step',
  unit: 'steps/s',
  better: 'higher',
  isGpuBound: true,
  async prepare() {
    const tf = await import('@tensorflow/tfjs-core');
    const { layers: layer, initializers, sequential } = await import('@tensorflow/tfjs-layers');
    await import('@tensorflow/tfjs-backend-webgpu');
    if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js does not start its WebGPU backend.');
    const errors: string[] = [];
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    device.addEventListener('uncapturederror', (event) => errors.push((event as GPUUncapturedErrorEvent).error.message));

    let seed = 0;
    const kernelInitializer = (): ReturnType<typeof initializers.heNormal> => initializers.heNormal({ seed: ++seed });
    const conv = { kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' } as const;
    const model = sequential({
      layers: [
        layer.conv2d({ ...conv, filters: 4, inputShape: [IMAGE_SIZE, IMAGE_SIZE, 1], kernelInitializer: kernelInitializer() }),
        layer.conv2d({ ...conv, filters: 16, kernelInitializer: kernelInitializer() }),
        layer.flatten(),
        layer.dense({ units: CLASS_COUNT, activation: 'softmax', kernelInitializer: kernelInitializer() }),
      ],
    });
    model.compile({ optimizer: tf.train.momentum(0.02, 0.9), loss: 'categoricalCrossentropy' });

    // Each class is a bar in a place of its own. The same batch each time: what matters is that the loss falls.
    const images = tf.tensor4d(
      new Float32Array(BATCH_SIZE * IMAGE_SIZE ** 2).map((_, i) => (Math.floor(i / IMAGE_SIZE) % IMAGE_SIZE === Math.floor(i / IMAGE_SIZE ** 2) % CLASS_COUNT ? 1 : 0)),
      [BATCH_SIZE, IMAGE_SIZE, IMAGE_SIZE, 1],
    );
    const labels = tf.cast(tf.oneHot(tf.tensor1d(Array.from({ length: BATCH_SIZE }, (_, i) => i % CLASS_COUNT), 'int32'), CLASS_COUNT), 'float32');
    const step = async (): Promise<number> => Number(await model.trainOnBatch(images, labels));

    const lossFirst = await step();
    let lossLast = await step();
    return {
      async measure(scale) {
        const count = STEP_COUNT * scale;
        const start = performance.now();
        for (let i = 0; i < count; i++) lossLast = await step();
        return (count * 1000) / (performance.now() - start);
      },
      async verify() {
        check(errors.length === 0, errors.join(' '));
        check(lossLast < lossFirst, `the loss did not fall (${lossFirst} at first, ${lossLast} at last)`);
      },
    };
  },
};
