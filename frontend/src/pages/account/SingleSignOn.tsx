import { Button } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { goToProvider, PasswordWanted, useConnections, useDisconnect, useProvider } from '../../api';
import { Notice } from '../shell/Notice';
import classes from './Account.module.css';
import { ConfirmPassword, problemOf } from './ConfirmPassword';

const route = getRouteApi('/signedIn/account');

/** Connects this account to the hospital's own sign-in; absent where there is none. */
export function SingleSignOn() {
  const { error } = route.useSearch();
  const provider = useProvider();
  const connections = useConnections();
  const disconnect = useDisconnect();
  const [isGoing, setGoing] = useState(false);
  const [asking, setAsking] = useState<Error | null>(null);
  const one = provider.data;
  if (one === undefined || one === null) {
    return null;
  }
  const connected = connections.data?.find((connection) => connection.provider.id === one.id);
  const go = (): void => {
    setAsking(null);
    setGoing(true);
    goToProvider(one.id, 'connect', '/account').catch(() => setGoing(false));
  };
  const problem = problemOf(disconnect.error);
  return (
    <section className={classes.tokens} aria-label={one.name}>
      <h2 className={classes.subtitle}>{one.name}</h2>
      {error !== undefined && (
        <Notice tone="failed">
          {error === 'reauthentication_required'
            ? 'That took too long. Connect again, and type your password when you are asked for it.'
            : `The account was not connected. Try again, or ask who runs this installation (${error}).`}
        </Notice>
      )}
      {problem !== null && <Notice tone="failed">{problem}</Notice>}
      <div className={classes.send}>
        {connected === undefined ? (
          <Button
            variant="default"
            loading={isGoing}
            disabled={connections.data === undefined}
            onClick={() => setAsking(new PasswordWanted())}
          >
            Connect {one.name}
          </Button>
        ) : (
          <Button
            variant="default"
            loading={disconnect.isPending}
            onClick={() => disconnect.mutate(connected)}
          >
            Disconnect {connected.display}
          </Button>
        )}
        <span>
          {connected === undefined
            ? 'Then you can sign in here without a password of its own.'
            : 'You can sign in with it.'}
        </span>
      </div>
      <ConfirmPassword error={asking} onConfirmed={go} onClose={() => setAsking(null)} />
      <ConfirmPassword
        error={disconnect.error}
        onConfirmed={() => connected !== undefined && disconnect.mutate(connected)}
        onClose={disconnect.reset}
      />
    </section>
  );
}
