import torch


def random_case(seed=0):
    """Seven mentions of four concepts, one to three of each: vectors in float64, and which pairs are positive."""
    generator = torch.Generator().manual_seed(seed)
    anchors = torch.randn(7, 5, dtype=torch.float64, generator=generator)
    positives = torch.randn(4, 5, dtype=torch.float64, generator=generator)
    ids = torch.tensor([0, 1, 1, 2, 0, 3, 1])
    return anchors, positives, ids[:, None] == torch.arange(4)[None]


def requiring_gradients(*tensors):
    return tuple(tensor.detach().clone().requires_grad_() for tensor in tensors)


def assert_zero_with_zero_gradients(loss, *tensors):
    loss.backward()
    assert loss.item() == 0
    for tensor in tensors:
        assert tensor.grad is not None
        assert (tensor.grad == 0).all()
