import cf from 'cloudfront';

// Runs at viewer request on every wedding's distribution. What it obeys stands in the KeyValueStore and is written
// ahead by the control plane: `freeze:<host>` = [[start, end, rule id], ...] in unix seconds, `route` = origin domain,
// `deny:<host>` = paths separated by spaces, with `*` at the end for all that begin so: they are gone (410).
// `edition:<host><path>` = which edition of a page guests get; whoever names the one under `next:` gets that.
// `emergency` = hosts, or `platform` for all of them, separated by spaces: there searches (`q`), of which no two are
// alike and each asks the origin, are answered with the page itself.
// A guest's request always goes on: a value that cannot be read closes operators' paths (unknown is never open), and a
// route that is no host name leaves the distribution's own origin.
const store = cf.kvs();
const UNKNOWN_SECONDS = 60;

async function read(key) {
    try {
        return await store.get(key);
    } catch (error) {
        return null;  // a missing key throws
    }
}

function isWindow(pair) {
    return Array.isArray(pair) && Number.isFinite(pair[0]) && Number.isFinite(pair[1]) &&
        typeof pair[2] === 'string' && /^[!-~]+$/.test(pair[2]);
}

function parsed(text) {
    try {
        const pairs = JSON.parse(text);
        return Array.isArray(pairs) && pairs.every(isWindow) ? pairs : null;
    } catch (error) {
        return null;
    }
}

function ruleAt(text, now) {
    if (text === null) {
        return null;
    }
    const pairs = parsed(text);
    if (pairs === null) {
        return { id: 'unknown', end: now + UNKNOWN_SECONDS, unknown: true };
    }
    for (let i = 0; i < pairs.length; i++) {  // the runtime has no for-of
        const pair = pairs[i];
        if (pair[0] <= now && now < pair[1]) {
            return { id: pair[2], end: pair[1] };
        }
    }
    return null;
}

function isOperators(uri) {
    try {
        return decodeURIComponent(uri).indexOf('/_ops/') === 0;
    } catch (error) {
        return false;  // not a path that an origin could decode either
    }
}

function isSpared(words, host) {
    return words !== null && words.split(' ').some(function (word) { return word === 'platform' || word === host; });
}

function spelt(uri) {  // as controlplane/domain/denied_paths.py: no other spelling of a path slips past
    let path = uri;
    try {
        path = decodeURIComponent(uri);
    } catch (error) {
        path = uri;  // no origin knows it
    }
    const kept = [];
    const segments = path.split('/');
    for (let i = 0; i < segments.length; i++) {
        if (segments[i] === '..') {
            kept.pop();
        } else if (segments[i] !== '' && segments[i] !== '.') {
            kept.push(segments[i]);
        }
    }
    return encodeURI('/' + kept.join('/'));
}

function isDenied(words, uri) {
    const path = spelt(uri);
    return words.split(' ').some(function (word) {
        const end = word.length - 1;
        return word.charAt(end) === '*' ? path.indexOf(word.substring(0, end)) === 0 : word === path;
    });
}

async function setEdition(request, page) {
    const asked = request.headers['x-wedcache-edition'];
    delete request.headers['x-wedcache-edition'];  // it is part of the cache key: nobody may fill the cache with keys
    const next = asked ? await read('next:' + page) : null;
    const edition = next !== null && asked.value === next ? next : await read('edition:' + page);
    if (edition !== null && /^[0-9a-f]{1,64}$/.test(edition)) {
        request.headers['x-wedcache-edition'] = { value: edition };
    }
}

async function handler(event) {
    const request = event.request;
    const now = Date.now() / 1000;
    const host = request.headers.host ? request.headers.host.value : '';
    const name = host.toLowerCase().split(':')[0];
    delete request.headers['x-wedcache-freeze'];  // only this function may say so
    await setEdition(request, name + request.uri);
    const denied = await read('deny:' + name);
    if (denied !== null && isDenied(denied, request.uri)) {
        return { statusCode: 410, statusDescription: 'Gone', headers: { 'cache-control': { value: 'no-store' } } };
    }
    const rule = ruleAt(await read('freeze:' + name), now);
    if (rule && isOperators(request.uri)) {
        return {
            statusCode: 423,
            statusDescription: 'Locked',
            headers: {
                'retry-after': { value: String(Math.ceil(rule.end - now)) },
                'x-wedcache-freeze': { value: rule.id },
                'cache-control': { value: 'no-store' },
            },
        };
    }
    if (rule && !rule.unknown) {
        request.headers['x-wedcache-freeze'] = { value: rule.id };
    }
    if (request.querystring.q && isSpared(await read('emergency'), name)) {
        delete request.querystring.q;
    }
    const route = await read('route');
    if (route !== null && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(route)) {
        cf.updateRequestOrigin({ domainName: route, hostHeader: host });  // the origin knows sites by their host
    }
    return request;
}
