import { Modal, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import type { GuidelineImage } from '../../api';
import classes from './GuidelinePictures.module.css';

interface GuidelinePicturesProps {
  readonly images: readonly GuidelineImage[];
  /** What the pictures are of. */
  readonly name: string;
}

/** Picture examples, small; a click shows one large until the next click. */
export function GuidelinePictures({ images, name }: GuidelinePicturesProps) {
  const [large, setLarge] = useState<GuidelineImage | null>(null);
  return (
    <div className={classes.pictures}>
      {images.map((image, at) => (
        <UnstyledButton
          key={image.id}
          className={classes.picture}
          title="Show it large"
          // Keys stay with the image of the case.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => setLarge(image)}
        >
          <img
            src={image.url}
            width={image.width}
            height={image.height}
            loading="lazy"
            alt={`Example ${at + 1} of ${name}`}
          />
        </UnstyledButton>
      ))}
      <Modal
        opened={large !== null}
        onClose={() => setLarge(null)}
        size="auto"
        transitionProps={{ duration: 0 }}
        title={name}
        closeButtonProps={{ 'aria-label': 'Close the picture' }}
      >
        {large !== null && <img className={classes.large} src={large.url} alt={`Example of ${name}`} />}
      </Modal>
    </div>
  );
}
