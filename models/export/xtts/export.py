"""Makes of a published XTTS v2 checkpoint what ZenGlow loads.

    python export.py --checkpoint FOLDER --out FOLDER

FOLDER holds config.json, model.pth and vocab.json as its makers published them. Needs `coqui-tts`, `torch` and `onnx`
(requirements.txt). Written are four graphs, the tables that are looked up outside of them, the vocabulary, and xtts.json, which names
each file with its size and hash. The checkpoint's licence (CPML: no commercial use) holds for everything that is written.
"""

import argparse
import hashlib
import json
import shutil
import warnings
from pathlib import Path

import torch
from torch.nn.utils import parametrize

OPSET = 17


class Conditioning(torch.nn.Module):
    """Normalised mel [1, 80, frames] of a sample to what the transformer reads first [1, 32, width]."""

    def __init__(self, gpt):
        super().__init__()
        self.gpt = gpt

    def forward(self, mel):
        return self.gpt.get_style_emb(mel).transpose(1, 2)


class Speaker(torch.nn.Module):
    """Mel energies [1, 64, frames] at 16 kHz to a unit vector [1, size]."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, mel):
        # The spectrogram is made outside.
        self.encoder.use_torch_spec = False
        return self.encoder(mel, l2_norm=True)


class Transformer(torch.nn.Module):
    """Embeddings [1, new, width] behind the keys and values of what came before to logits, latents, and all keys and values."""

    def __init__(self, gpt):
        super().__init__()
        self.gpt = gpt

    def forward(self, embeddings, *past):
        from transformers.cache_utils import DynamicCache

        cache = DynamicCache()
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        out = self.gpt.gpt(inputs_embeds=embeddings, past_key_values=cache, use_cache=True)
        latents = self.gpt.final_norm(out.last_hidden_state)
        present = []
        for layer in range(len(past) // 2):
            held = out.past_key_values.layers[layer]
            present += [held.keys, held.values]
        return (self.gpt.mel_head(latents), latents, *present)


class Decoder(torch.nn.Module):
    """Latents already at the vocoder's frame rate [1, width, frames] and a speaker [1, size, 1] to sound."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, latents, speaker):
        return self.decoder(latents, g=speaker)


def export(model, vocabulary, out):
    """Writes everything for `model` (TTS.tts.models.xtts.Xtts, ready for inference) into the folder `out`."""
    warnings.filterwarnings("ignore")
    out.mkdir(parents=True, exist_ok=True)
    args, gpt, vocoder = model.args, model.gpt, model.hifigan_decoder
    # Weight norm is for training: the graphs carry the weights themselves.
    for module in vocoder.waveform_decoder.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
    width, heads, layers = args.gpt_n_model_channels, args.gpt_n_heads, args.gpt_layers
    past = [torch.randn(1, heads, 5, width // heads) for _ in range(2 * layers)]
    kinds = [f"{kind}.{layer}" for layer in range(layers) for kind in ("key", "value")]
    befores, afters = [f"past.{kind}" for kind in kinds], [f"present.{kind}" for kind in kinds]

    write(Conditioning(gpt), (torch.randn(1, 80, 259),), out / "conditioning.onnx", ["mel"], ["latents"], {"mel": {2: "frames"}})
    write(
        Speaker(vocoder.speaker_encoder),
        (torch.rand(1, 64, 301) + 0.1,),
        out / "speaker.onnx",
        ["mel"],
        ["embedding"],
        {"mel": {2: "frames"}},
    )
    write(
        Transformer(gpt),
        (torch.randn(1, 7, width), *past),
        out / "transformer.onnx",
        ["embeddings", *befores],
        ["logits", "latents", *afters],
        {
            "embeddings": {1: "new"},
            "logits": {1: "new"},
            "latents": {1: "new"},
            **{name: {2: "before"} for name in befores},
            **{name: {2: "after"} for name in afters},
        },
    )
    write(
        Decoder(vocoder.waveform_decoder),
        (torch.randn(1, args.decoder_input_dim, 40), torch.randn(1, args.d_vector_dim, 1)),
        out / "decoder.onnx",
        ["latents", "speaker"],
        ["sound"],
        {"latents": {2: "frames"}, "sound": {2: "samples"}},
    )

    tables = {
        "text": gpt.text_embedding.weight,
        "textPlace": gpt.text_pos_embedding.emb.weight,
        "sound": gpt.mel_embedding.weight,
        "soundPlace": gpt.mel_pos_embedding.emb.weight,
        "melScale": model.mel_stats.reshape(1, -1),
    }
    places = {}
    with open(out / "tables.bin", "wb") as file:
        for name, table in tables.items():
            places[name] = {"offset": file.tell(), "rows": table.shape[0], "columns": table.shape[1]}
            file.write(table.detach().float().contiguous().numpy().astype("<f4").tobytes())
    shutil.copyfile(vocabulary, out / "vocab.json")

    config = model.config
    manifest = {
        "format": "zenglow-xtts-1",
        "name": "XTTS v2",
        "licence": "CPML",
        "languages": sorted({language.split("-")[0] for language in config.languages}),
        "width": width,
        "heads": heads,
        "layers": layers,
        "startText": args.gpt_start_text_token,
        "stopText": args.gpt_stop_text_token,
        "startSound": args.gpt_start_audio_token,
        "stopSound": args.gpt_stop_audio_token,
        "mostTextTokens": args.gpt_max_text_tokens,
        "mostSoundTokens": gpt.max_gen_mel_tokens,
        "sampleSeconds": config.gpt_cond_len,
        "chunkSeconds": config.gpt_cond_chunk_len,
        "speakerSeconds": config.max_ref_len,
        "framesPerToken": args.gpt_code_stride_len // args.output_hop_length,
        "inputRate": args.input_sample_rate,
        "outputRate": args.output_sample_rate,
        "hopSamples": args.output_hop_length,
        "sampling": {
            "temperature": config.temperature,
            "topK": config.top_k,
            "topP": config.top_p,
            "repetitionPenalty": config.repetition_penalty,
        },
        "tables": places,
        "files": {path.name: describe(path) for path in sorted(out.iterdir()) if path.name != "xtts.json"},
    }
    (out / "xtts.json").write_text(json.dumps(manifest, indent=2) + "\n")


def write(module, inputs, path, names, outputs, dynamic):
    with torch.no_grad():
        torch.onnx.export(
            module.eval(),
            inputs,
            str(path),
            input_names=names,
            output_names=outputs,
            dynamic_axes=dynamic,
            opset_version=OPSET,
            dynamo=False,
        )


def describe(path):
    sha256 = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            sha256.update(block)
    return {"sizeBytes": path.stat().st_size, "sha256": sha256.hexdigest()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    from TTS.tts.configs.xtts_config import XttsConfig
    from TTS.tts.models.xtts import Xtts

    config = XttsConfig()
    config.load_json(str(options.checkpoint / "config.json"))
    model = Xtts.init_from_config(config)
    model.load_checkpoint(config, checkpoint_dir=str(options.checkpoint), eval=True)
    export(model, options.checkpoint / "vocab.json", options.out)
    print(f"Written to {options.out}. Bring it in with: zenglow models import {options.out.resolve()}")


if __name__ == "__main__":
    main()
