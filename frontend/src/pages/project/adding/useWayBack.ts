import { useLocation } from '@tanstack/react-router';

/** What a look is told so that it leads back into the new-project wizard, where it was asked for there. */
export function useWayBack(): { readonly from?: 'wizard' } {
  const isWizard = useLocation({ select: ({ pathname }) => pathname === '/projects/new' });
  return isWizard ? { from: 'wizard' } : {};
}
