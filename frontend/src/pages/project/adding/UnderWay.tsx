import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';

interface UnderWayProps {
  readonly project: number;
  readonly job: number;
  /** What has been done before, as a sentence with a blank behind it. */
  readonly before?: string;
}

/** An import was begun: where to follow it. */
export function UnderWay({ project, job, before = '' }: UnderWayProps) {
  return (
    <Text fz="sm" role="status">
      {before}The import is on its way:{' '}
      <Anchor
        inherit
        renderRoot={(props) => (
          <Link
            to="/projects/$projectId/imports/$jobId"
            params={{ projectId: String(project), jobId: String(job) }}
            {...props}
          />
        )}
      >
        see how far it is
      </Anchor>
      .
    </Text>
  );
}
