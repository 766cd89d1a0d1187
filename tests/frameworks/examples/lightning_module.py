import lightning
import torch

from lrsched.torch import attach


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.model = torch.nn.Linear(3, 1)

    def training_step(self, batch):
        return self.model(batch[0]).square().mean()

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters())
        attach(optimizer, schedule)  # counted in updates; no interval to set
        return optimizer
