"""Makes test/fixtures/xtts: a small model of XTTS's own classes with random weights, exported, and what the original computes with it.

    python parity.py --out FOLDER

The weights are drawn from a fixed seed, so that nothing in the fixture comes from anybody's checkpoint.
"""

import argparse
import base64
import json
import math
from pathlib import Path

import numpy as np
import torch
from export import export
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from TTS.encoder.models.resnet import ResNetSpeakerEncoder
from TTS.tts.configs.xtts_config import XttsConfig
from TTS.tts.layers.xtts.hifigan_decoder import HifiDecoder
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models.xtts import Xtts, wav_to_mel_cloning
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

WIDTH, SPEAKER = 32, 32
TEXTS = [
    ("en", "Dr. Jones paid $20 for 3 lamps at 14% off, in 1998."),
    ("en", 'She said "wait": it is 21.5 degrees & rising on the 2nd floor.'),
    ("en", "That's 100,000.5 @ 1,250 per day, or £3.50 each"),
    ("de", "Dr. Müller zahlt 20€ für 3 Lampen, also 21,5 % weniger."),
    ("fr", "Il y avait 50 soldats & 12,5 secondes; Mme. Moreau est là."),
    ("es", "La Dra. Martinez tiene 14% de 1.000 euros."),
    ("it", "C'erano 50 soldati e 12,5 secondi."),
    ("pt", "Havia 50 soldados, o Sr. Silva e 14% deles."),
    ("nl", "Er waren 50 soldaten en 14% batterij."),
    ("pl", "Było 50 żołnierzy i 14% baterii."),
    ("cs", "Bylo tam 50 vojáků a 14% baterie."),
    ("ru", "Там было 50 солдат и 14% заряда."),
    ("tr", "50 asker vardı, İyi günler."),
    ("hu", "50 katona volt, Dr. Szabó itt van."),
]


def tiny(folder):
    torch.manual_seed(20)
    config = XttsConfig()
    args = config.model_args
    args.gpt_use_perceiver_resampler = True
    args.gpt_num_audio_tokens, args.gpt_start_audio_token, args.gpt_stop_audio_token = 1026, 1024, 1025
    args.gpt_layers, args.gpt_n_model_channels, args.gpt_n_heads = 2, WIDTH, 4
    args.decoder_input_dim, args.d_vector_dim = WIDTH, SPEAKER
    vocabulary(folder / "vocab.json")
    tokenizer = Tokenizer.from_file(str(folder / "vocab.json"))
    args.gpt_number_text_tokens = tokenizer.get_vocab_size()
    args.gpt_start_text_token, args.gpt_stop_text_token = tokenizer.token_to_id("[START]"), tokenizer.token_to_id("[STOP]")
    model = Xtts(config)
    model.hifigan_decoder = HifiDecoder(
        decoder_input_dim=WIDTH,
        d_vector_dim=SPEAKER,
        upsample_initial_channel_decoder=32,
        cond_d_vector_in_each_upsampling_layer=True,
    )
    audio = model.hifigan_decoder.speaker_encoder_audio_config
    model.hifigan_decoder.speaker_encoder = ResNetSpeakerEncoder(
        input_dim=64,
        proj_dim=SPEAKER,
        layers=[1, 1, 1, 1],
        num_filters=[2, 4, 8, 16],
        log_input=True,
        use_torch_spec=True,
        audio_config=audio,
    )
    # The published weights make logits of this spread; random ones would hardly differ from each other.
    torch.nn.init.normal_(model.gpt.mel_head.weight, std=0.4)
    torch.nn.init.normal_(model.gpt.mel_embedding.weight, std=0.5)
    for weight in model.hifigan_decoder.waveform_decoder.parameters():
        if weight.dim() == 3:
            weight.data.mul_(2)
    model.mel_stats = torch.linspace(0.6, 2.4, 80)
    model.gpt.init_gpt_for_inference(kv_cache=True)
    torch.nn.Module.eval(model)
    return model


def vocabulary(path):
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    languages = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "ru", "tr", "hu", "ar", "zh-cn", "ja", "ko", "hi"]
    special = ["[STOP]", "[UNK]", "[SPACE]", "[START]", *[f"[{language}]" for language in languages]]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    cleaner = VoiceBpeTokenizer()
    tokenizer.train_from_iterator([cleaner.preprocess_text(text, language) for language, text in TEXTS], trainer)
    tokenizer.save(str(path))


def reference(seconds, rate):
    """A glide with overtones that both sides can make."""
    t = np.arange(int(seconds * rate)) / rate
    phase = 2 * math.pi * (140 * t + 12 * t * t)
    wave = sum(np.sin(k * phase) / k for k in range(1, 9)) * (0.6 + 0.4 * np.sin(2 * math.pi * 3 * t)) * 0.2
    return torch.from_numpy(wave.astype(np.float32)).unsqueeze(0)


def packed(tensor):
    array = np.ascontiguousarray(tensor.detach().float().numpy().astype("<f4"))
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


@torch.inference_mode()
def golden(model, folder):
    gpt, vocoder = model.gpt, model.hifigan_decoder
    tokenizer = VoiceBpeTokenizer(str(folder / "vocab.json"))
    sample, low = reference(7.3, 22050), reference(2.0, 16000)
    mel = wav_to_mel_cloning(
        sample[:, : 22050 * 2], mel_norms=model.mel_stats, n_fft=2048, hop_length=256, win_length=1024, power=2,
        normalized=False, sample_rate=22050, f_min=0, f_max=8000, n_mels=80,
    )
    chunks = model.config.gpt_cond_chunk_len
    latents = model.get_gpt_cond_latents(sample, 22050, length=model.config.gpt_cond_len, chunk_length=chunks)
    energies = vocoder.speaker_encoder.torch_spec(low)
    speaker = vocoder.speaker_encoder.forward(low.clone(), l2_norm=True).unsqueeze(-1)

    ids = tokenizer.encode("the lamp is in the hall.", "en")
    text = torch.IntTensor(ids).unsqueeze(0)
    # A fixed path, so that no draw decides what is compared.
    path = [(37 * step * step + 11) % 1024 for step in range(16)]
    fake = gpt.compute_embeddings(latents, text)
    tokens = torch.cat([fake, torch.tensor([path])], dim=1)
    out = gpt.gpt_inference(input_ids=tokens, return_dict=True, use_cache=False, output_hidden_states=True)
    first = fake.shape[1] - 1
    logits = out.logits[0, first:]
    # What the original hands its vocoder: a second pass over the finished path.
    codes = torch.tensor([[*path, gpt.stop_audio_token]])
    second = gpt(
        text, torch.tensor([text.shape[-1]]), codes, torch.tensor([codes.shape[-1] * gpt.code_stride_len]),
        cond_latents=latents, return_attentions=False, return_latent=True,
    )
    wave = vocoder(second, g=speaker).squeeze()
    faster = torch.nn.functional.interpolate(second.transpose(1, 2), scale_factor=1 / 1.25, mode="linear").transpose(1, 2)

    torch.manual_seed(3)
    scores = torch.randn(1, 1026) * 3
    seen = torch.tensor([[1, 1, 1024, 5, 5, 900, 17]])
    warped = LogitsProcessorList(
        [
            RepetitionPenaltyLogitsProcessor(10.0),
            TemperatureLogitsWarper(0.75),
            TopKLogitsWarper(50),
            TopPLogitsWarper(0.85),
        ]
    )(seen, scores.clone())
    greedy = gpt.generate(
        cond_latents=latents, text_inputs=text, do_sample=False, num_beams=1, num_return_sequences=1,
        repetition_penalty=10.0, max_new_tokens=16, output_attentions=False,
    )
    return {
        "mel": packed(mel[0]),
        "conditioning": packed(latents[0]),
        "energies": packed(energies[0]),
        "speaker": packed(speaker[0, :, 0]),
        "text": {"ids": ids},
        "path": path,
        "logits": packed(logits),
        "latents": packed(second[0]),
        "wave": packed(wave),
        "fasterWave": packed(vocoder(faster, g=speaker).squeeze()),
        "sampling": {"scores": packed(scores[0]), "seen": seen[0].tolist(), "probabilities": packed(torch.softmax(warped, -1)[0])},
        "greedy": greedy[0].tolist(),
        "texts": [
            {"language": language, "text": one, "clean": tokenizer.preprocess_text(one.strip().lower(), language),
             "ids": tokenizer.encode(one.strip().lower(), language)}
            for language, one in TEXTS
        ],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    model = tiny(folder)
    known = golden(model, folder)
    temporary = folder / "vocab.json"
    temporary.rename(folder / "vocabulary.json")
    export(model, folder / "vocabulary.json", folder)
    (folder / "vocabulary.json").unlink()
    (folder / "golden.json").write_text(json.dumps(known) + "\n")


if __name__ == "__main__":
    main()
