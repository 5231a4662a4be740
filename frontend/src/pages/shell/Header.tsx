import { Anchor, Button, Group, NavLink, Popover, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconLogout } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { type Me, type ProjectRef, useSignOut } from '../../api';
import classes from './Header.module.css';
import { SchemeButton } from './SchemeButton';

interface HeaderProps {
  readonly me: Me;
  readonly project: ProjectRef | null;
  readonly page: 'worklist' | 'project';
}

/** Product, project, user: the same line on every page but the one with the image. */
export function Header({ me, project, page }: HeaderProps) {
  return (
    <header className={classes.header}>
      <Link to="/" className={classes.product}>
        Delineate
      </Link>
      {project !== null && <ProjectMenu projects={me.projects} current={project} page={page} />}
      <nav className={classes.links} aria-label="Pages">
        {project !== null && (
          <Link
            to="/worklist"
            search={{ project: project.id }}
            activeOptions={{ includeSearch: false }}
            className={classes.link}
          >
            Worklist
          </Link>
        )}
        {project !== null && (
          <Link
            to="/projects/$projectId/reading"
            params={{ projectId: String(project.id) }}
            className={classes.link}
          >
            My reading
          </Link>
        )}
        {project?.role === 'lead' && (
          <Link
            to="/projects/$projectId"
            params={{ projectId: String(project.id) }}
            activeOptions={{ exact: true, includeSearch: false }}
            className={classes.link}
          >
            Project
          </Link>
        )}
      </nav>
      <Group gap="md" ml="auto" wrap="nowrap">
        {page === 'project' && <SchemeButton />}
        <Anchor href="/api/docs/" fz="sm" c="dimmed" target="_blank">
          API docs
        </Anchor>
        {me.may_create_projects && (
          <Link to="/projects/new" className={classes.link}>
            New project
          </Link>
        )}
        {me.may_operate && (
          <Link to="/operations" className={classes.link}>
            Operations
          </Link>
        )}
        <Link to="/account" className={classes.link} title={me.username}>
          {me.name || me.username}
        </Link>
        <SignOutButton />
      </Group>
    </header>
  );
}

function SignOutButton() {
  const signOut = useSignOut();
  const navigate = useNavigate();
  const leave = () => signOut.mutate(undefined, { onSuccess: () => void navigate({ to: '/sign-in' }) });
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="gray"
      leftSection={<IconLogout size={16} aria-hidden />}
      loading={signOut.isPending}
      onClick={leave}
    >
      Sign out
    </Button>
  );
}

interface ProjectMenuProps {
  readonly projects: readonly ProjectRef[];
  readonly current: ProjectRef;
  readonly page: HeaderProps['page'];
}

function ProjectMenu({ projects, current, page }: ProjectMenuProps) {
  if (projects.length < 2) {
    return (
      <Text fz="sm" c="dimmed" truncate>
        {current.name}
      </Text>
    );
  }
  return (
    <Popover position="bottom-start" shadow="md">
      <Popover.Target>
        <UnstyledButton className={classes.project}>
          {current.name} <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={4}>
        {projects.map((project) => (
          <NavLink
            key={project.id}
            label={project.name}
            description={project.role}
            active={project.id === current.id}
            renderRoot={(props) => <ProjectLink project={project} page={page} {...props} />}
          />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

interface ProjectLinkProps {
  readonly project: ProjectRef;
  readonly page: HeaderProps['page'];
}

function ProjectLink({ project, page, ...props }: ProjectLinkProps) {
  return page === 'project' && project.role === 'lead' ? (
    <Link to="/projects/$projectId" params={{ projectId: String(project.id) }} {...props} />
  ) : (
    <Link to="/worklist" search={{ project: project.id }} {...props} />
  );
}
