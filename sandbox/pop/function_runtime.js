// What CloudFront's JavaScript runtime 2.0 has and QuickJS lacks, and the other way round.
// Source: CloudFront Developer Guide, pages functions-javascript-runtime-20, functions-custom-methods,
// helper-functions-origin-modification, edge-function-restrictions-all.
(function () {
  'use strict';
  var RealDate = Date, construct = Reflect.construct, now = 0, pairs = null, knownOrigins = {}, changes = null, outcome = null, build = null;

  function FixedDate() {
    if (!new.target) { return new RealDate(now).toString(); }
    if (arguments.length === 0) { return new RealDate(now); }
    return construct(RealDate, arguments, new.target);
  }
  FixedDate.prototype = RealDate.prototype;
  FixedDate.UTC = RealDate.UTC;
  FixedDate.parse = RealDate.parse;
  FixedDate.now = function () { return now; };
  Object.defineProperty(RealDate.prototype, 'constructor', { value: FixedDate });

  function formatted(value, options) {
    var format = (options && options.format) || 'string';
    if (format === 'string') { return value; }
    if (format === 'json') { return JSON.parse(value); }
    throw new Error('format ' + format + ' is not emulated');
  }

  var store = {
    get: async function (key, options) {
      if (!Object.prototype.hasOwnProperty.call(pairs, key)) { throw new Error('KeyNotFound: ' + key); }
      return formatted(pairs[key], options);
    },
    exists: async function (key) { return Object.prototype.hasOwnProperty.call(pairs, key); },
    count: async function () { return Object.keys(pairs).length; },
    meta: async function () {
      return { creationDateTime: new RealDate(now).toISOString(), lastUpdatedDateTime: new RealDate(now).toISOString(),
        keyCount: Object.keys(pairs).length };
    }
  };

  var cf = Object.freeze({
    kvs: function () {
      if (pairs === null) { throw new Error('KvsNotAssociated: the function has no key value store'); }
      return store;
    },
    updateRequestOrigin: function (properties) {
      if (typeof properties !== 'object' || properties === null) { throw new Error('origin properties must be an object'); }
      changes = { update: JSON.parse(JSON.stringify(properties)) };
    },
    selectRequestOriginById: function (id) {
      if (!knownOrigins[id]) { throw new Error('origin ' + id + ' is not in the distribution'); }
      changes = { select: id };
    }
  });

  // Outside the list of the runtime's supported features, or forbidden by it: gone before the function is read.
  var supported = ('Object String Number Boolean Math Date Function RegExp JSON Array Symbol Promise ArrayBuffer DataView ' +
    'Float32Array Float64Array Int8Array Int16Array Int32Array Uint8Array Uint8ClampedArray Uint16Array Uint32Array ' +
    'Error EvalError InternalError RangeError ReferenceError SyntaxError TypeError URIError globalThis decodeURI ' +
    'decodeURIComponent encodeURI encodeURIComponent isFinite isNaN parseFloat parseInt atob btoa NaN Infinity undefined'
  ).split(' ');

  function define(name, value) {
    Object.defineProperty(globalThis, name, { value: value, writable: false, enumerable: false, configurable: false });
  }
  define('__configure', function (pairsJson, originsJson) {
    pairs = JSON.parse(pairsJson);
    knownOrigins = JSON.parse(originsJson);
  });
  define('__load', function (builder) { build = builder; });
  define('__take', function () { var taken = outcome; outcome = null; return taken; });
  define('__invoke', function (eventJson, milliseconds) {
    now = milliseconds;
    changes = null;
    outcome = null;
    try {
      // The builder runs once a request: nothing that a function keeps at its top level outlives a request.
      Promise.resolve(build(cf)(JSON.parse(eventJson))).then(function (value) {
        outcome = JSON.stringify({ value: value, changes: changes });
      }, failed);
    } catch (error) { failed(error); }
  });
  function failed(error) {
    outcome = JSON.stringify({ error: error instanceof Error ? error.name + ': ' + error.message : String(error) });
  }
  var kept = supported.concat(['__configure', '__load', '__take', '__invoke']);
  Object.getOwnPropertyNames(globalThis).forEach(function (name) {
    if (kept.indexOf(name) < 0) { delete globalThis[name]; }
  });
  Object.defineProperty(Function.prototype, 'constructor', { value: undefined });
  globalThis.Date = FixedDate;
  globalThis.console = Object.freeze({ log: function () {} });
})();
