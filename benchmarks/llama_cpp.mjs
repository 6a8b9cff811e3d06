// Completes prompts greedily by llama.cpp, through the npm package node-llama-cpp.
//
// node llama_cpp.mjs PACKAGE MODEL.gguf < prompts.json prints a JSON list of the completions. PACKAGE is
// the folder node_modules/node-llama-cpp. The package's own binary is loaded; nothing is built or fetched.
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, modelPath] = process.argv.slice(2);
const entry = pathToFileURL(path.resolve(packageFolder, "dist", "index.js")).href;
const { getLlama, LlamaCompletion } = await import(entry);

const llama = await getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: 1 });
const model = await llama.loadModel({ modelPath: path.resolve(modelPath) });
const context = await model.createContext({ contextSize: 512, threads: 1 });
const completion = new LlamaCompletion({ contextSequence: context.getSequence() });
const answers = [];
for (const prompt of JSON.parse(readFileSync(0, "utf8"))) {
  // True: action tokens are read as single tokens of the vocabulary.
  answers.push(await completion.generateCompletion(model.tokenize(prompt, true), {
    temperature: 0,
    maxTokens: 16,
  }));
}
console.log(JSON.stringify(answers));
process.exit(0);
