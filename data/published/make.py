"""The numbers that the texts print, as they print them, so that claims about them can be checked.

    python data/published/make.py            writes published.json and provenance.json beside this file

A block is one table for one task. Its first word says whether the rows are activations or quantities; the numbers
are copied as printed, digits and units included, and a dash stands where the source has nothing.
"""

import time
from pathlib import Path

from actlab import results

# (source, where it stands, task): the block
TABLES = {
    ("gustaw2025", "Results", "disk"): """
        activation  train_loss  standard_error
        leaky_relu    0.000170        0.000007
        gelu          0.000220        0.000003
        elu           0.000229        0.000002
        silu          0.000303        0.000003
        tanh          0.000396        0.000003
        relu          0.000433        0.000021
        softplus      0.001038        0.000099
        sigmoid       0.002588        0.000569
        """,
    ("gustaw2025", "Code", "settings"): """
        quantity        all
        points         1000
        runs           1000
        steps          2000
        band_by_epoch     1
        band_by_time     20
        """,
    # experiment 3.1: a small convolutional network
    ("park2024", "Table 1", "MNIST, SGD"): """
        activation  accuracy   loss     f1
        sigmoid        94.22  0.207  0.942
        relu           98.35  0.054  0.983
        leaky_relu     98.26  0.057  0.982
        elu            98.78  0.042  0.988
        selu           98.81  0.038  0.988
        """,
    ("park2024", "Table 2", "CIFAR-10, SGD"): """
        activation  accuracy   loss     f1
        sigmoid        28.45  1.945  0.236
        relu           62.30  1.137  0.624
        leaky_relu     62.25  1.114  0.619
        elu            65.42  1.023  0.654
        selu           62.98  1.083  0.629
        """,
    ("park2024", "Table 3", "MNIST, Adam"): """
        activation  accuracy   loss     f1
        sigmoid        98.84  0.038  0.988
        relu           98.49  0.052  0.985
        leaky_relu     98.50  0.051  0.985
        elu            98.54  0.058  0.985
        selu           98.74  0.055  0.987
        """,
    ("park2024", "Table 4", "CIFAR-10, Adam"): """
        activation  accuracy   loss     f1
        sigmoid        61.57  1.114  0.607
        relu           61.51  1.193  0.611
        leaky_relu     62.88  1.132  0.628
        elu            63.70  1.148  0.638
        selu           61.83  1.142  0.617
        """,
    ("park2024", "Table 5", "MNIST, SGD"): """
        quantity      sigmoid     relu  leaky_relu      elu     selu
        epochs             50       27          27       41       25
        total_time    727.057  393.458     393.710  596.763  364.672
        average_time   14.541   14.573      14.582   14.555   14.587
        """,
    ("park2024", "Table 6", "CIFAR-10, SGD"): """
        quantity      sigmoid     relu  leaky_relu      elu     selu
        epochs             50       42          38       34       35
        total_time    715.625  603.538     545.274  487.569  503.182
        average_time   14.312   14.370      14.349   14.340   14.377
        """,
    ("park2024", "Table 7", "MNIST, Adam"): """
        quantity      sigmoid     relu  leaky_relu      elu     selu
        epochs             21       10           8       10       12
        total_time    272.171  126.832     101.477  127.259  151.900
        average_time   12.961   12.683      12.685   12.726   12.658
        """,
    ("park2024", "Table 8", "CIFAR-10, Adam"): """
        quantity      sigmoid     relu  leaky_relu      elu     selu
        epochs             40       14          12       13       12
        total_time    495.139  174.472     148.793  158.959  151.252
        average_time   12.378   12.462      12.399   12.228   12.604
        """,
    # experiment 3.2: ResNet50
    ("park2024", "Table 9", "MNIST, SGD"): """
        activation  accuracy   loss     f1
        sigmoid        98.43  0.062  0.984
        relu           98.64  0.051  0.986
        leaky_relu     98.77  0.047  0.987
        elu            98.75  0.054  0.987
        selu           98.71  0.054  0.986
        """,
    ("park2024", "Table 10", "CIFAR-10, SGD"): """
        activation  accuracy   loss     f1
        sigmoid        58.74  1.625  0.584
        relu           59.35  1.560  0.592
        leaky_relu     58.02  1.620  0.577
        elu            58.72  1.525  0.586
        selu           58.51  1.574  0.584
        """,
    ("park2024", "Table 11", "MNIST, Adam"): """
        activation  accuracy   loss     f1
        sigmoid        50.73  1.831  0.486
        relu           10.60  3.775  0.024
        leaky_relu     98.45  0.049  0.984
        elu            99.04  0.039  0.990
        selu           98.68  0.042  0.986
        """,
    ("park2024", "Table 12", "CIFAR-10, Adam"): """
        activation  accuracy   loss     f1
        sigmoid        78.75  0.796  0.787
        relu           78.07  0.832  0.779
        leaky_relu     79.00  0.709  0.789
        elu            76.20  0.971  0.762
        selu           78.68  0.878  0.786
        """,
    ("park2024", "Table 13", "MNIST, SGD"): """
        quantity      sigmoid     relu  leaky_relu       elu     selu
        epochs             11       15          18        24       15
        total_time    473.077  646.402     775.221  1033.866  645.946
        average_time   43.007   43.093      43.067    43.077   43.063
        """,
    ("park2024", "Table 14", "CIFAR-10, SGD"): """
        quantity      sigmoid     relu  leaky_relu      elu     selu
        epochs             13       12          12       12       12
        total_time    739.400  682.195     682.265  682.163  682.137
        average_time   56.876   56.849      56.855   56.846   56.844
        """,
    ("park2024", "Table 15", "MNIST, Adam"): """
        quantity      sigmoid     relu  leaky_relu       elu      selu
        epochs             12       10          14        41        26
        total_time    549.269  457.417     639.980  1874.073  1188.108
        average_time   45.772   45.741      45.712    45.709    45.696
        """,
    ("park2024", "Table 16", "CIFAR-10, Adam"): """
        quantity      sigmoid     relu  leaky_relu      elu     selu
        epochs             15       15          12       15       15
        total_time    883.641  883.913     707.658  883.448  884.382
        average_time   58.909   58.927      58.971   58.896   58.958
        """,
    # experiment 3.3: BERT, fine-tuned with another activation in its feed-forward blocks
    ("park2024", "Table 17", "CoLA"): """
        quantity         relu     gelu     tanh  sigmoid      elu  leaky_relu
        total_time    834.501  852.309  850.663  850.752  850.756     850.666
        average_time  278.167  284.103  283.554  283.584  283.585     283.555
        """,
    ("park2024", "Table 17", "SST-2"): """
        quantity    relu      gelu      tanh   sigmoid      elu  leaky_relu
        total_time  2462  2521.148  2491.348  2491.151  2487.66    2490.723
        """,
    ("park2024", "Table 18", "CoLA"): """
        quantity        swish  relu_squared  penalized_tanh      glu   swiglu
        total_time    851.106       948.305         968.713  753.114  785.672
        average_time  283.702       316.102         322.904  251.038  261.891
        """,
    ("park2024", "Table 18", "SST-2"): """
        quantity       swish  relu_squared  penalized_tanh  glu    swiglu
        total_time  2490.962      2791.172        2856.536    -  2323.362
        """,
    ("park2024", "Table 19", "CoLA"): """
        quantity    relu    gelu   tanh  sigmoid    elu  leaky_relu
        accuracy   0.712   0.806  0.708    0.708  0.708       0.683
        f1        0.7192  0.7938  0.587    0.587  0.587      0.6345
        """,
    ("park2024", "Table 19", "SST-2"): """
        quantity    relu    gelu    tanh  sigmoid     elu  leaky_relu
        accuracy   0.938   0.945   0.558    0.558   0.558       0.931
        f1        0.9381  0.9449  0.3997   0.3997  0.3997       0.931
        """,
    ("park2024", "Table 20", "CoLA"): """
        quantity  swish  relu_squared  penalized_tanh    glu  swiglu
        accuracy  0.708         0.708           0.708  0.708   0.708
        f1        0.587         0.587           0.587  0.587   0.587
        """,
    ("park2024", "Table 20", "SST-2"): """
        quantity   swish  relu_squared  penalized_tanh     glu  swiglu
        accuracy   0.558         0.558           0.558   0.558   0.558
        f1        0.3997        0.3997          0.3997  0.3997  0.3997
        """,
    # section 5: adaptive piecewise linear units; a row is the number S of their hinges
    ("park2024", "Table 21", "CIFAR-10"): """
        activation  accuracy
        S=1            69.64
        S=2            77.53
        S=3            76.51
        S=4            81.24
        S=5            80.65
        S=10           81.33
        """,
    ("park2024", "Table 22", "CIFAR-10"): """
        activation  first_train_loss  last_test_loss  accuracy
        apl                   2.0337          0.7134     75.98
        relu                  1.2797          1.0956     60.25
        leaky_relu            1.7447          0.8923     70.08
        """,
    # what the text says in passing: sizes of the data, widths of one network in two places, an earlier result
    ("park2024", "Section 2.1", "APL"): """
        quantity     CIFAR-10  CIFAR-100
        improvement      7.51      30.83
        """,
    ("park2024", "Section 3.1", "settings"): """
        quantity    all
        test      10000
        epochs       50
        patience      5
        batch        64
        """,
    ("park2024", "Section 3.3", "settings"): """
        quantity   CoLA  SST-2
        sentences  8551  67349
        test       1000   1000
        epochs        3      1
        """,
    ("park2024", "Section 5.3", "widths"): """
        quantity  layer_1  layer_2  layer_3
        filters        96      128      256
        """,
    ("park2024", "Section 5.4", "widths"): """
        quantity  layer_1  layer_2  layer_3
        neurons        98      128      256
        """,
}


def parse(block: str) -> list[tuple[str, str, float]]:
    """(activation, quantity, value) of each number in a block, in the order in which it is read."""
    head, *lines = (line.split() for line in block.strip().splitlines())
    corner, *columns = head
    found = []
    for first, *cells in lines:
        for column, cell in zip(columns, cells, strict=True):
            activation, quantity = (first, column) if corner == "activation" else (column, first)
            if cell != "-":
                found.append((activation, quantity, float(cell)))
    return found


def main():
    began = time.perf_counter()
    rows = [
        {
            "source": source,
            "place": place,
            "task": task,
            "activation": activation,
            "quantity": quantity,
            "value": value,
        }
        for (source, place, task), block in TABLES.items()
        for activation, quantity, value in parse(block)
    ]
    results.save(
        "published",
        rows,
        folder=Path(__file__).parent,
        command="python data/published/make.py",
        seconds=time.perf_counter() - began,
    )


if __name__ == "__main__":
    main()
