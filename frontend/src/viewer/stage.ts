/**
 * Cornerstone3D: one rendering engine, one image volume, three viewports. Nothing else here knows Cornerstone.
 *
 * The scene is in millimetres along the array's axes (origin 0, identity direction), see planeFrame. The masks are
 * not Cornerstone labelmaps: the mask painter draws them from the edit engine's own buffers.
 */
import {
  cache,
  Enums,
  eventTarget,
  ImageVolume,
  init,
  metaData,
  RenderingEngine,
  setVolumesForViewports,
  type Types,
  triggerEvent,
  utilities,
} from '@cornerstonejs/core';
import { PLANES, type Plane, type Triple } from '../voxels';
import type { ImageSlices } from './imageSlices';
import type { VoiWindow } from './port';

const SCHEME = 'delineate';
const CACHE_BYTES = 4 * 1024 ** 3;
const PROVIDER_PRIORITY = 10_000;

const ORIENTATION = {
  axial: Enums.OrientationAxis.AXIAL,
  sagittal: Enums.OrientationAxis.SAGITTAL,
  coronal: Enums.OrientationAxis.CORONAL,
} as const;

interface RegisteredImage {
  readonly shape: Triple;
  readonly spacing_mm: Triple;
}

const images = new Map<string, RegisteredImage>();
let stages = 0;
let ready = false;

function start(): void {
  if (ready) return;
  // One context for all planes: with more, each holds its own copy of the volume on the graphics card.
  init({ rendering: { useGenericViewport: true, webGlContextCount: 1 } } as Parameters<typeof init>[0]);
  cache.setMaxCacheSize(CACHE_BYTES);
  metaData.addProvider(describe, PROVIDER_PRIORITY);
  ready = true;
}

/** Answers Cornerstone's questions about our slices, which are named `delineate:<stage>/<k>`. */
function describe(type: string, imageId: unknown): unknown {
  if (typeof imageId !== 'string' || !imageId.startsWith(`${SCHEME}:`)) return undefined;
  const [name = '', k = '0'] = imageId.split('/');
  const image = images.get(name);
  if (image === undefined) return undefined;
  switch (type) {
    case 'imagePlaneModule':
      return imagePlane(image, name, Number(k));
    case 'imagePixelModule':
      return {
        ...PIXELS,
        pixelRepresentation: 1,
        samplesPerPixel: 1,
        photometricInterpretation: 'MONOCHROME2',
      };
    case 'generalSeriesModule':
      return { modality: 'CT', seriesInstanceUID: name };
    case 'voiLutModule':
      return { windowCenter: [40], windowWidth: [400] };
    case 'modalityLutModule':
      return { rescaleSlope: 1, rescaleIntercept: 0 };
    default:
      return undefined;
  }
}

const PIXELS = { bitsAllocated: 16, bitsStored: 16, highBit: 15 };

function imagePlane({ shape, spacing_mm }: RegisteredImage, name: string, k: number) {
  return {
    frameOfReferenceUID: name,
    rows: shape[1],
    columns: shape[0],
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
    rowCosines: [1, 0, 0],
    columnCosines: [0, 1, 0],
    imagePositionPatient: [0, 0, k * spacing_mm[2]],
    sliceThickness: spacing_mm[2],
    sliceLocation: k * spacing_mm[2],
    pixelSpacing: [spacing_mm[1], spacing_mm[0]],
    rowPixelSpacing: spacing_mm[1],
    columnPixelSpacing: spacing_mm[0],
    usingDefaultValues: false,
  };
}

export class Stage {
  private readonly name: string;
  private readonly engine: RenderingEngine;
  private readonly volume: ImageVolume;
  private readonly imageIds: string[];
  private readonly rendered = new Map<Plane, () => void>();
  private readonly elements: Readonly<Record<Plane, HTMLDivElement>>;
  private destroyed = false;

  /** The elements must be in the document and have a size. */
  static async open(
    elements: Readonly<Record<Plane, HTMLDivElement>>,
    image: ImageSlices,
    spacing_mm: Triple,
    window: VoiWindow,
  ): Promise<Stage> {
    start();
    const stage = new Stage(elements, image, spacing_mm);
    await setVolumesForViewports(
      stage.engine,
      [{ volumeId: stage.name }],
      PLANES.map((plane) => stage.viewportId(plane)),
    );
    if (!stage.destroyed) stage.setWindow(window);
    return stage;
  }

  private constructor(
    elements: Readonly<Record<Plane, HTMLDivElement>>,
    image: ImageSlices,
    spacing_mm: Triple,
  ) {
    stages += 1;
    this.name = `${SCHEME}:${stages}`;
    this.elements = elements;
    images.set(this.name, { shape: image.shape, spacing_mm });
    this.imageIds = image.slices.map((_, k) => `${this.name}/${k}`);
    this.imageIds.forEach((imageId, k) => {
      cache.putImageSync(imageId, sliceImage(imageId, image, k, spacing_mm));
    });
    this.volume = volumeOf(this.name, this.imageIds, image.shape, spacing_mm);
    cache.putVolumeSync(this.name, this.volume);
    this.engine = new RenderingEngine(this.name);
    this.engine.setViewports(
      PLANES.map((plane) => ({
        viewportId: this.viewportId(plane),
        type: Enums.ViewportType.ORTHOGRAPHIC,
        element: elements[plane],
        defaultOptions: { orientation: ORIENTATION[plane], background: [0, 0, 0] as Types.Point3 },
      })),
    );
    for (const plane of PLANES) {
      elements[plane].addEventListener(Enums.Events.IMAGE_RENDERED, () => this.rendered.get(plane)?.());
    }
  }

  /** Called after each frame of a plane, in that frame: what is drawn then moves with the image. */
  onRendered(plane: Plane, callback: () => void): void {
    this.rendered.set(plane, callback);
  }

  /** Points a plane at a place: millimetres along the array's axes, and half the height of the view. */
  look(plane: Plane, focalPoint_mm: Triple, halfHeight_mm: number): void {
    const viewport = this.viewport(plane);
    viewport?.setCamera({ focalPoint: [...focalPoint_mm], parallelScale: halfHeight_mm });
    viewport?.render();
  }

  setWindow({ width, level }: VoiWindow): void {
    const voiRange = { lower: level - width / 2, upper: level + width / 2 };
    for (const plane of PLANES) {
      const viewport = this.viewport(plane);
      viewport?.setProperties({ voiRange });
      viewport?.render();
    }
  }

  /** Slices whose voxels were written: they go to the graphics card with the next frame. */
  slicesChanged(first: number, count: number): void {
    for (let k = first; k < first + count; k++) this.volume.vtkOpenGLTexture.setUpdatedFrame(k);
  }

  renderAll(): void {
    if (this.destroyed) return;
    triggerEvent(eventTarget, Enums.Events.IMAGE_VOLUME_MODIFIED, {
      volumeId: this.name,
      imageVolume: this.volume,
      FrameOfReferenceUID: this.name,
    });
    this.engine.render();
  }

  /** The elements have changed size; the caller points the planes again. */
  resize(): void {
    if (!this.destroyed) this.engine.resize(true, true);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.rendered.clear();
    this.engine.destroy();
    cache.removeVolumeLoadObject(this.name);
    for (const imageId of this.imageIds) {
      if (cache.getImageLoadObject(imageId) !== undefined)
        cache.removeImageLoadObject(imageId, { force: true });
    }
    images.delete(this.name);
  }

  private viewportId(plane: Plane): string {
    return `${this.name}-${plane}`;
  }

  private viewport(plane: Plane): Types.IVolumeViewport | undefined {
    if (this.destroyed || !this.elements[plane].isConnected) return undefined;
    return this.engine.getViewport(this.viewportId(plane)) as Types.IVolumeViewport | undefined;
  }
}

function sliceImage(imageId: string, image: ImageSlices, k: number, spacing_mm: Triple): Types.IImage {
  const [columns, rows] = image.shape;
  const scalarData = image.slices[k] as Int16Array;
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    width: columns,
    height: rows,
    numberOfComponents: 1,
    scalarData,
    id: imageId,
  });
  return {
    imageId,
    voxelManager: voxelManager as NonNullable<Types.IImage['voxelManager']>,
    getPixelData: () => scalarData,
    getCanvas: () => document.createElement('canvas'),
    minPixelValue: -1024,
    maxPixelValue: 3071,
    slope: 1,
    intercept: 0,
    windowCenter: 40,
    windowWidth: 400,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    rows,
    columns,
    height: rows,
    width: columns,
    color: false,
    rgba: false,
    numberOfComponents: 1,
    columnPixelSpacing: spacing_mm[0],
    rowPixelSpacing: spacing_mm[1],
    sliceThickness: spacing_mm[2],
    invert: false,
    photometricInterpretation: 'MONOCHROME2',
    sizeInBytes: scalarData.byteLength,
    preScale: { enabled: true, scaled: true },
    dataType: 'Int16Array',
  };
}

function volumeOf(volumeId: string, imageIds: string[], shape: Triple, spacing_mm: Triple): ImageVolume {
  return new ImageVolume({
    volumeId,
    imageIds,
    dimensions: [...shape],
    spacing: [...spacing_mm],
    origin: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    dataType: 'Int16Array',
    metadata: {
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      SamplesPerPixel: 1,
      PixelRepresentation: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Modality: 'CT',
      FrameOfReferenceUID: volumeId,
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [spacing_mm[1], spacing_mm[0]],
      Columns: shape[0],
      Rows: shape[1],
      SeriesInstanceUID: volumeId,
      VOILUTFunction: 'LINEAR',
      voiLut: [],
    },
    referencedVolumeId: '',
    referencedImageIds: [],
  });
}
