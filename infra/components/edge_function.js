import cf from 'cloudfront';

// Runs at viewer request on every wedding's distribution. What it obeys stands in the KeyValueStore and is written
// ahead by the control plane: `freeze:<host>` = [[start, end, rule id], ...] in unix seconds, `route` = origin domain.
const store = cf.kvs();

async function read(key) {
    try {
        return await store.get(key);
    } catch (error) {
        return null;  // a missing key throws
    }
}

function ruleAt(text, now) {
    if (!text) {
        return null;
    }
    const pairs = JSON.parse(text);
    for (let i = 0; i < pairs.length; i++) {  // the runtime has no for-of
        const pair = pairs[i];
        if (pair[0] <= now && now < pair[1]) {
            return { id: pair[2], end: pair[1] };
        }
    }
    return null;
}

async function handler(event) {
    const request = event.request;
    const now = Date.now() / 1000;
    const host = request.headers.host ? request.headers.host.value : '';
    delete request.headers['x-wedcache-freeze'];  // only this function may say so
    const rule = ruleAt(await read('freeze:' + host), now);
    if (rule) {
        if (request.uri.indexOf('/_ops/') === 0) {
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
        request.headers['x-wedcache-freeze'] = { value: rule.id };
    }
    const route = await read('route');
    if (route) {
        cf.updateRequestOrigin({ domainName: route, hostHeader: host });  // the origin knows sites by their host
    }
    return request;
}
