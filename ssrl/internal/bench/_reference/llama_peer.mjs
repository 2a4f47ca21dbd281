// Times of llama.cpp's language model, as `ssrl bench answer --json` prints them.
//
//     npm install node-llama-cpp && node llama_peer.mjs MODEL.gguf [threads] [prompt tokens] [tokens]
//
// MODEL.gguf is what llama_peer.py makes of a directory that
// `ssrl new --preset qwen2.5-vl-3b` made. Made with node-llama-cpp 3.22.1.
const start = performance.now();
const {getLlama} = await import(process.env.NODE_LLAMA ?? "node-llama-cpp");
const [path, threads = "2", prompt = "512", tokens = "16"] = process.argv.slice(2);
const runs = 2, n = Number(prompt), k = Number(tokens);
const llama = await getLlama({gpu: false, build: "never", skipDownload: true, maxThreads: Number(threads), logLevel: "error"});
const model = await llama.loadModel({modelPath: path, gpuLayers: 0, useMmap: true});
const load = (performance.now() - start) / 1e3;
const context = await model.createContext({contextSize: n + k + 64, batchSize: 512, threads: Number(threads), sequences: 1});
const sequence = context.getSequence();
const prefill = [], decode = [];
let first = 0;
for (let run = 0; run <= runs; run++) {
    await sequence.clearHistory();
    const ids = [...Array(n).keys()].map((i) => 5 + (i + run) % 200);
    const begin = performance.now();
    let came = 0, last = 0, count = 0;
    for await (const _ of sequence.evaluate(ids, {temperature: 1, seed: run})) {
        last = performance.now();
        came ||= last;
        first ||= (last - start) / 1e3;
        if (count++ === k) break;
    }
    if (run > 0) {
        prefill.push((came - begin) / 1e3);
        decode.push((last - came) / 1e3 / (count - 1));
    }
}
const median = (x) => { const s = [...x].sort((a, b) => a - b), m = s.length >> 1; return s.length % 2 ? s[m] : (s[m - 1] + s[m]) / 2; };
console.log(JSON.stringify({impl: "llama.cpp, node-llama-cpp", threads: Number(threads), dtype: "bf16", load_s: load, prompt_tokens: n,
    prefill_tokens_per_s: n / median(prefill), decode_tokens_per_s: 1 / median(decode), first_token_s: first, peak_rss_mb: process.resourceUsage().maxRSS / 1e3}));
process.exit(0);
