// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Preloaded (node --import) before a server that would listen on every address: it then listens on 127.0.0.1 only.
// The reference server offers no option for that, and an upstream that everybody reaches makes a gateway in front of
// it pointless.
import net from 'node:net';

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (first, ...rest) {
    if (typeof first === 'object' && first !== null && 'port' in first) {
        return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest);
    }
    if (typeof first === 'number' || typeof first === 'string') {
        const callbacks = rest.filter((each) => typeof each === 'function');
        return listen.call(this, { port: Number(first), host: '127.0.0.1' }, ...callbacks);
    }
    return listen.call(this, first, ...rest);
};
