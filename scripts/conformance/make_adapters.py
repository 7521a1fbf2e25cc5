"""Writes a tiny Llama with random weights, and adapters for it, good and broken: make_adapters.py DIRECTORY

DIRECTORY/base is the model, DIRECTORY/adapters/NAME each adapter. The same bytes every time, no network, a second or two.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

HIDDEN, INTERMEDIATE, HEADS, LAYERS, VOCABULARY = 64, 128, 2, 2, 320
# Outputs and inputs of each layer's linear modules.
MODULES = {
    "self_attn.q_proj": (HIDDEN, HIDDEN),
    "self_attn.k_proj": (HIDDEN, HIDDEN),
    "self_attn.v_proj": (HIDDEN, HIDDEN),
    "self_attn.o_proj": (HIDDEN, HIDDEN),
    "mlp.gate_proj": (INTERMEDIATE, HIDDEN),
    "mlp.up_proj": (INTERMEDIATE, HIDDEN),
    "mlp.down_proj": (HIDDEN, INTERMEDIATE),
}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_base(directory):
    directory.mkdir(parents=True, exist_ok=True)
    write_json(
        directory / "config.json",
        {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "torch_dtype": "bfloat16",
            "hidden_size": HIDDEN,
            "intermediate_size": INTERMEDIATE,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "num_key_value_heads": HEADS,
            "vocab_size": VOCABULARY,
            "max_position_embeddings": 512,
            "tie_word_embeddings": False,
            "bos_token_id": 0,
            "eos_token_id": 1,
        },
    )
    # One token for each byte is enough of a tokenizer.
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<s>", "</s>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.save(str(directory / "tokenizer.json"))
    write_json(
        directory / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"},
    )

    numbers = torch.Generator().manual_seed(1)

    def random(*shape):
        return (torch.randn(*shape, generator=numbers) / 10).to(torch.bfloat16)

    def ones():
        return torch.ones(HIDDEN, dtype=torch.bfloat16)

    tensors = {
        "model.embed_tokens.weight": random(VOCABULARY, HIDDEN),
        "model.norm.weight": ones(),
        "lm_head.weight": random(VOCABULARY, HIDDEN),
    }
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        tensors[f"{prefix}.input_layernorm.weight"] = ones()
        tensors[f"{prefix}.post_attention_layernorm.weight"] = ones()
        for module, shape in MODULES.items():
            tensors[f"{prefix}.{module}.weight"] = random(*shape)
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})


def write_adapter(directory, base, seed, rank=8, modules=("self_attn.q_proj", "self_attn.v_proj"), hidden=HIDDEN, **fields):
    """A PEFT directory; `fields` replace those of its configuration."""
    directory.mkdir(parents=True, exist_ok=True)
    configuration = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": str(base),
        "r": rank,
        "lora_alpha": 16,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": [module.split(".")[-1] for module in modules],
    }
    write_json(directory / "adapter_config.json", configuration | fields)
    numbers = torch.Generator().manual_seed(seed)
    tensors = {}
    for layer in range(LAYERS):
        for module in modules:
            name = f"base_model.model.model.layers.{layer}.{module}"
            outputs = MODULES.get(module, (HIDDEN, HIDDEN))[0]
            tensors[f"{name}.lora_A.weight"] = torch.randn(rank, hidden, generator=numbers)
            tensors[f"{name}.lora_B.weight"] = torch.randn(outputs, rank, generator=numbers)
    save_file(tensors, directory / "adapter_model.safetensors", metadata={"format": "pt"})


def write_all(root):
    base, adapters = root / "base", root / "adapters"
    write_base(base)

    def adapter(name, seed, **options):
        write_adapter(adapters / name, base, seed, **options)
        return adapters / name

    for seed, name in enumerate(["alpha", "alpha-v2", "beta", "gamma"], 1):
        adapter(name, seed)
    # Where a resolver plugin looks.
    write_adapter(root / "resolver" / "found", base, 10)

    adapter("bad-rank64", 11, rank=64)
    adapter("bad-r0", 12, r=0)
    adapter("bad-shape", 13, hidden=96)
    adapter("bad-dora", 14, use_dora=True)
    adapter("bad-modules-to-save", 15, modules_to_save=["embed_tokens"])
    adapter("bad-target", 16, modules=("mlp.nope_proj",))
    (adapter("bad-no-weights", 17) / "adapter_model.safetensors").unlink()
    (adapter("bad-garbage-weights", 18) / "adapter_model.safetensors").write_bytes(b"these are no weights")
    (adapter("bad-config-json", 19) / "adapter_config.json").write_text("{no json")
    (adapter("bad-config-empty", 20) / "adapter_config.json").write_text("{}")
    (adapter("bad-no-config", 21) / "adapter_config.json").unlink()
    (adapters / "bad-empty-dir").mkdir(exist_ok=True)
    (adapters / "bad-is-a-file").write_text("no directory")


write_all(Path(sys.argv[1]).absolute())
