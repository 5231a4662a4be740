import { Button, FileButton, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type GuidelineImage, uploadGuidelineImage } from '../../api';
import { Notice } from '../shell/Notice';
import classes from './GuidelineEditor.module.css';

interface GuidelineImagesProps {
  readonly project: number;
  readonly name: string;
  readonly images: readonly GuidelineImage[];
  readonly onChange: (images: readonly GuidelineImage[]) => void;
}

/** Picture examples of one structure. A picture is with the guideline when the version is saved. */
export function GuidelineImages({ project, name, images, onChange }: GuidelineImagesProps) {
  const upload = useMutation({
    mutationFn: (files: readonly File[]) => uploadAll(project, files),
    onSuccess: (added) => onChange([...images, ...added]),
  });
  return (
    <div>
      <div className={classes.pictures}>
        {images.map((image, at) => (
          <figure key={image.id} className={classes.picture}>
            <img
              src={image.url}
              width={image.width}
              height={image.height}
              alt={`Example ${at + 1} of ${name}`}
            />
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`Remove example ${at + 1}`}
              onClick={() => onChange(images.filter(({ id }) => id !== image.id))}
            >
              Remove
            </Button>
          </figure>
        ))}
      </div>
      {upload.error !== null && <Notice tone="failed">{upload.error.message}</Notice>}
      <Group gap="xs">
        <FileButton accept="image/png,image/jpeg" multiple onChange={(files) => upload.mutate(files)}>
          {(props) => (
            <Button {...props} size="compact-sm" variant="default" loading={upload.isPending}>
              Add pictures
            </Button>
          )}
        </FileButton>
        <span className={classes.quiet}>
          PNG or JPEG, up to 4 MiB. Mind that no name stands in the picture.
        </span>
      </Group>
    </div>
  );
}

async function uploadAll(project: number, files: readonly File[]): Promise<GuidelineImage[]> {
  const added: GuidelineImage[] = [];
  for (const file of files) {
    added.push(await uploadGuidelineImage(project, file));
  }
  return added;
}
