import { Button, Table, TextInput } from '@mantine/core';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { caseNumbers } from './caseNumbers';
import classes from './Plan.module.css';

interface CasesTableProps {
  readonly label: string;
  /** Behind the case's number; without a width, a column takes what is left. */
  readonly columns: readonly { readonly title: string; readonly width?: number }[];
  /** Rows. */
  readonly children: ReactNode;
}

/** Cases that were chosen for something, a line each. */
export function CasesTable({ label, columns, children }: CasesTableProps) {
  return (
    <div className={classes.scroll}>
      <Table verticalSpacing={4} stickyHeader aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={130}>Case</Table.Th>
            {columns.map(({ title, width }) => (
              <Table.Th key={title} {...(width === undefined ? {} : { w: width })}>
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </div>
  );
}

interface AddCasesProps {
  readonly label: string;
  readonly description?: ReactNode;
  readonly isPending: boolean;
  readonly onAdd: (numbers: readonly number[], done: () => void) => void;
  /** What is said of all that are added. */
  readonly children: ReactNode;
}

/** Cases to choose, by their numbers. */
export function AddCases({ label, description, isPending, onAdd, children }: AddCasesProps) {
  const [text, setText] = useState('');
  const numbers = caseNumbers(text);
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onAdd(numbers ?? [], () => setText(''));
  };
  return (
    <form className={classes.adding} onSubmit={send}>
      <TextInput
        className={classes.wide}
        label={label}
        description={description}
        placeholder="3, 7, 12–15"
        value={text}
        error={numbers === null && 'Numbers and runs of them: 3, 7, 12–15.'}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {children}
      <Button
        type="submit"
        variant="default"
        loading={isPending}
        disabled={numbers === null || numbers.length === 0}
      >
        Add
      </Button>
    </form>
  );
}
