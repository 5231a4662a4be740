import fc from 'fast-check';

// Red is about the change: property tests try the same examples each time, others with EXAMPLES=new.
if (process.env.EXAMPLES !== 'new') fc.configureGlobal({ seed: 1 });
