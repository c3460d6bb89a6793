/* Made by _lab/make.py of the parts in _lab: edit those. */
(() => {
"use strict";
const CATALOG = {"step":{"title":"Step","settings":{},"ends":{},"kinks":[0.0],"color":"#9d8b89","dash":[4,1.6]},"sigmoid":{"title":"Sigmoid","settings":{},"ends":{},"kinks":[],"color":"#b64800","dash":[]},"logsigmoid":{"title":"Log-sigmoid","settings":{},"ends":{},"kinks":[],"color":"#b64800","dash":[4,1.6]},"identity":{"title":"Identity","settings":{},"ends":{},"kinks":[],"color":"#9d8b89","dash":[]},"relu":{"title":"ReLU","settings":{},"ends":{},"kinks":[0.0],"color":"#657ebf","dash":[]},"tanh":{"title":"Tanh","settings":{},"ends":{},"kinks":[],"color":"#da3762","dash":[]},"hardtanh":{"title":"Hard tanh","settings":{"min_val":-1.0,"max_val":1.0},"ends":{"min_val":[-4.0,-0.1],"max_val":[0.1,4.0]},"kinks":[-1.0,1.0],"color":"#da3762","dash":[1,1.2]},"lecun_tanh":{"title":"LeCun tanh","settings":{},"ends":{},"kinks":[],"color":"#da3762","dash":[4,1.6]},"softsign":{"title":"Softsign","settings":{},"ends":{},"kinks":[],"color":"#da3762","dash":[9,2]},"hardshrink":{"title":"Hard shrink","settings":{"threshold":0.5},"ends":{"threshold":[0.05,2.0]},"kinks":[-0.5,0.5],"color":"#9d8b89","dash":[1,1.2]},"softshrink":{"title":"Soft shrink","settings":{"threshold":0.5},"ends":{"threshold":[0.05,2.0]},"kinks":[-0.5,0.5],"color":"#9d8b89","dash":[6,1.5,1.2,1.5]},"softplus":{"title":"Softplus","settings":{"beta":1.0},"ends":{"beta":[0.1,10.0]},"kinks":[],"color":"#c08a01","dash":[]},"relu_squared":{"title":"Squared ReLU","settings":{},"ends":{},"kinks":[],"color":"#657ebf","dash":[6,1.5,1.2,1.5]},"relu6":{"title":"ReLU6","settings":{},"ends":{},"kinks":[0.0,6.0],"color":"#657ebf","dash":[1,1.2]},"tanhshrink":{"title":"Tanhshrink","settings":{},"ends":{},"kinks":[],"color":"#9d8b89","dash":[9,2]},"leaky_relu":{"title":"Leaky ReLU","settings":{"negative_slope":0.01},"ends":{"negative_slope":[0.0,1.0]},"kinks":[0.0],"color":"#657ebf","dash":[4,1.6]},"apl":{"title":"APL","settings":{"a":[-0.2,0.4],"b":[0.3,-0.7]},"ends":{"a":[-3.0,3.0],"b":[-3.0,3.0]},"kinks":[-0.7,0.0,0.3],"color":"#9370ef","dash":[6,1.5,1.2,1.5]},"threshold":{"title":"Thresholded ReLU","settings":{"threshold":1.0},"ends":{"threshold":[0.0,2.0]},"kinks":[1.0],"color":"#9370ef","dash":[1,1.2]},"prelu":{"title":"PReLU","settings":{"negative_slope":0.25},"ends":{"negative_slope":[0.0,1.0]},"kinks":[0.0],"color":"#9370ef","dash":[]},"rrelu":{"title":"RReLU","settings":{"lower":0.125,"upper":0.3333333333333333},"ends":{"lower":[0.0,1.0],"upper":[0.0,1.0]},"kinks":[0.0],"color":"#9370ef","dash":[4,1.6]},"elu":{"title":"ELU","settings":{"alpha":1.0},"ends":{"alpha":[0.05,4.0]},"kinks":[],"color":"#1aa2b4","dash":[]},"sine":{"title":"Sine","settings":{},"ends":{},"kinks":[],"color":"#7e9b47","dash":[]},"gelu":{"title":"GELU","settings":{},"ends":{},"kinks":[],"color":"#08754f","dash":[]},"gelu_tanh":{"title":"GELU, tanh form","settings":{},"ends":{},"kinks":[],"color":"#08754f","dash":[4,1.6]},"silu":{"title":"SiLU","settings":{},"ends":{},"kinks":[],"color":"#994c7d","dash":[]},"penalized_tanh":{"title":"Penalized tanh","settings":{},"ends":{},"kinks":[0.0],"color":"#da3762","dash":[6,1.5,1.2,1.5]},"swish":{"title":"Swish","settings":{"beta":1.702},"ends":{"beta":[0.0,10.0]},"kinks":[],"color":"#994c7d","dash":[6,1.5,1.2,1.5]},"selu":{"title":"SELU","settings":{},"ends":{},"kinks":[0.0],"color":"#1aa2b4","dash":[1,1.2]},"celu":{"title":"CELU","settings":{"alpha":1.0},"ends":{"alpha":[0.05,4.0]},"kinks":[],"color":"#1aa2b4","dash":[4,1.6]},"mish":{"title":"Mish","settings":{},"ends":{},"kinks":[],"color":"#994c7d","dash":[4,1.6]},"hardswish":{"title":"Hard swish","settings":{},"ends":{},"kinks":[-3.0,3.0],"color":"#994c7d","dash":[1,1.2]},"hardsigmoid":{"title":"Hard sigmoid","settings":{},"ends":{},"kinks":[-3.0,3.0],"color":"#b64800","dash":[1,1.2]},"sparse_plus":{"title":"Sparse plus","settings":{},"ends":{},"kinks":[],"color":"#c08a01","dash":[1,1.2]},"snake":{"title":"Snake","settings":{"a":1.0},"ends":{"a":[0.1,4.0]},"kinks":[],"color":"#7e9b47","dash":[4,1.6]},"squareplus":{"title":"Squareplus","settings":{"b":4.0},"ends":{"b":[0.05,16.0]},"kinks":[],"color":"#c08a01","dash":[4,1.6]},"star_relu":{"title":"StarReLU","settings":{"scale":0.8944,"bias":-0.4472},"ends":{"scale":[0.05,2.0],"bias":[-1.0,1.0]},"kinks":[],"color":"#657ebf","dash":[9,2]},"xatlu":{"title":"xATLU","settings":{"alpha":0.0},"ends":{"alpha":[-0.5,1.0]},"kinks":[],"color":"#994c7d","dash":[9,2]},"xielu":{"title":"xIELU","settings":{"alpha_p":0.8,"alpha_n":0.8,"beta":0.5},"ends":{"alpha_p":[0.04000000000000001,3.2],"alpha_n":[0.04000000000000001,3.2],"beta":[0.025,2.0]},"kinks":[],"color":"#9370ef","dash":[9,2]},"golu":{"title":"GoLU","settings":{},"ends":{},"kinks":[],"color":"#08754f","dash":[6,1.5,1.2,1.5]}};
const EXP = [2.510520706464424e-08,2.762007691611333e-07,2.755725542387984e-06,2.4801521319879672e-05,0.00019841269874802173,0.0013888888917198588,0.008333333333326141,0.04166666666662416,0.1666666666666667,0.5000000000000001];
const ERFCX = [1.1775789345674017,-0.004590054580646478,-0.08424913336651792,0.05920993999819189,-0.026658668435305753,0.009074997670705265,-0.002413163540417608,0.0004907758365258086,-6.916973302501207e-05,4.13902798607301e-06,7.74038306619849e-07,-2.1886401049234397e-07,1.076499946567091e-08,4.521959811218287e-09,-7.754400208831351e-10,-6.318088340886684e-11,2.86879501093067e-11,1.9455868545777347e-13,-9.65469674843344e-13,3.25254814814874e-14,3.3478119482868056e-14,-1.864562880419313e-15,-1.2507950530688648e-15,7.418235256624044e-17,5.0681489047961116e-17,-2.2370566594359995e-18,-2.1873429443030175e-18];
const ERFCX_MIDDLE = 3.75;
const NODES = [-0.98940093499165,-0.944575023073233,-0.865631202387832,-0.755404408355003,-0.617876244402644,-0.458016777657227,-0.281603550779259,-0.095012509837637,0.095012509837637,0.281603550779259,0.458016777657227,0.617876244402644,0.755404408355003,0.865631202387832,0.944575023073233,0.98940093499165];
const WEIGHTS = [0.027152459411754,0.062253523938647,0.095158511682493,0.124628971255534,0.149595988816577,0.169156519395003,0.182603415044924,0.189450610455069,0.189450610455069,0.182603415044924,0.169156519395003,0.149595988816577,0.124628971255534,0.095158511682493,0.062253523938647,0.027152459411754];
const MODULE = "AGFzbQEAAAABKwVgA398fAF8YAp/f39/f39/f39/AGAHf39/f39/fwBgAAF/YAV/f39/fwACCwEDbGFiA29uZQAAAwUEAQIDBAQFAXABAQEFAwEAAgYPAn8BQYCNBAt/AEGAjQQLBzgGBm1lbW9yeQIAA21peAABCWdyYWRpZW50cwACBXRhYmxlAAMDcnVuAAQLX19oZWFwX2Jhc2UDAQr0fQTFDAQPfwJ8AX8OeyOAgICAAEGAAWshCkEAIQsCQCAJQQRIDQAgCUEDdCEMIANBA3QhDSADQQR0IQ4gBEEDdCEPIANBBXQhECADQRhsIREgAEEQaiESIAEhE0EAIQsDQEEAIRQCQCAHQQRIDQBBACEUIAIhFSAFIRYDQCAWIRdBACEYA0BEAAAAAAAAAAAhGUQAAAAAAAAAACEaAkAgBUUNACAXKwMAIRoLIAogGGoiGyAa/RQiHP0LBAAgG0EQaiAc/QsEAAJAIAVFDQAgF0EIaisDACEZCyAbQSBqIBn9FCIc/QsEACAbQTBqIBz9CwQAIBdBEGohFyAYQcAAaiIYQYABRw0ACwJAAkAgCEEASg0AIAr9AAQAIR0MAQsgCv0ABHAhHiAK/QAEYCEfIAr9AARQISAgCv0ABEAhISAK/QAEMCEiIAr9AAQgISMgCv0ABBAhJCAK/QAEACEdIBMhFyAVIRsgCCEYA0AgHiAXQRBq/QADACIcIBsgEWr9CgMAIiX98gH98AEhHiAgIBwgGyAOav0KAwAiJv3yAf3wASEgICIgHCAbIA1q/QoDACIn/fIB/fABISIgHSAX/QADACIoIBv9CgMAIin98gH98AEhHSAfICggJf3yAf3wASEfICEgKCAm/fIB/fABISEgIyAoICf98gH98AEhIyAkIBwgKf3yAf3wASEkIBcgDGohFyAbIA9qIRsgGEF/aiIYDQALIAogHv0LBHAgCiAf/QsEYCAKICD9CwRQIAogIf0LBEAgCiAi/QsEMCAKICP9CwQgIAogJP0LBBAgCiAd/QsEAAsgACAUIAlsIAtqQQN0IhdqIRsCQAJAIAZFDQAgGyAdIAYgF2oiF/0AAwD98gH9CwMAIBsgCv0ABBAgF/0AAxD98gH9CwMQIAAgFEEBciAJbCALakEDdCIbaiIXIAr9AAQgIAYgG2oiG/0AAwD98gH9CwMAIBcgCv0ABDAgG/0AAxD98gH9CwMQIAAgFEECciAJbCALakEDdCIbaiIXIAr9AARAIAYgG2oiG/0AAwD98gH9CwMAIBcgCv0ABFAgG/0AAxD98gH9CwMQIAAgFEEDciAJbCALaiIbQQN0IhdqIAr9AARgIAYgF2oiF/0AAwD98gH9CwMAIAr9AARwIBf9AAMQ/fIBIRwMAQsgGyAd/QsDACAbIAr9AAQQ/QsDECAAIBRBAXIgCWwgC2pBA3RqIhsgCv0ABCD9CwMAIBsgCv0ABDD9CwMQIAAgFEECciAJbCALakEDdGoiGyAK/QAEUP0LAxAgGyAK/QAEQP0LAwAgACAUQQNyIAlsIAtqIhtBA3RqIAr9AARg/QsDACAK/QAEcCEcCyASIBtBA3RqIBz9CwMAIBUgEGohFSAWQSBqIRYgFEEEaiIUQQNyIAdIDQALCwJAIBQgB04NACACIAMgFGxBA3RqIRYDQAJAAkAgBQ0ARAAAAAAAAAAAIRkMAQsgBSAUQQN0aisDACEZCyAZ/RQiHCEoIBMhGyAWIRcgCCEYAkAgCEEBSA0AA0AgKCAb/QADACAX/QoDACId/fIB/fABISggHCAbQRBq/QADACAd/fIB/fABIRwgGyAMaiEbIBcgD2ohFyAYQX9qIhgNAAsLIAAgFCAJbCALakEDdCIXaiEbAkACQCAGRQ0AIBsgKCAGIBdqIhf9AAMA/fIB/QsDACAcIBf9AAMQ/fIBIRwMAQsgGyAo/QsDAAsgGyAc/QsDECAWIA1qIRYgFEEBaiIUIAdHDQALCyATQSBqIRMgC0EEaiILQQNyIAlIDQALCwJAIAsgCU4NACAEQQN0IQogA0EDdCERIAlBA3QhDCABIAtBA3RqIQ4gB0EBSCEUA0ACQCAUDQBBACEPIAIhDQNAAkACQCAFDQBEAAAAAAAAAAAhGQwBCyAFIA9BA3RqKwMAIRkLIA0hGyAOIRcgCCEYAkAgCEEBSA0AA0AgGSAbKwMAIBcrAwCioCEZIBsgCmohGyAXIAxqIRcgGEF/aiIYDQALCyAPIAlsIAtqIRsCQCAGRQ0AIBkgBiAbQQN0aisDAKIhGQsgACAbQQN0aiAZOQMAIA0gEWohDSAPQQFqIg8gB0cNAAsLIA5BCGohDiALQQFqIgsgCUcNAAsLC/UVBhl/CHsCfwN7AX8CfCOAgICAAEGAAWshB0EAIQgCQCAFQQRIDQAgBkEFdCEJIAMgBkEDdCIKaiELIAIgCmohDCACIAZBBHQiDWohDiACIAZBGGxqIQ9BACEIIARBAkghECACIREDQEEAIRICQCAQDQAgCCAEbCETIAggBmwhFCAIQQNyIgogBGwhFSAKIAZsIRYgCEECciIKIARsIRcgCiAGbCEYIAhBAXIiCiAEbCEZIAogBmwhGkEAIRIgAyEbIAshHANAIBIgBmwhHSASQQFyIh4gBmwhHwJAAkAgBkECTg0A/QwAAAAAAAAAAAAAAAAAAAAAIiAhISAgISIgICEjICAhJCAgISUgICEmICAhJ0EAISgMAQtBACEK/QwAAAAAAAAAAAAAAAAAAAAAIiAhISAgISIgICEjICAhJCAgISUgICEmICAhJ0EAISkDQCAcIApq/QADACIqIA8gCmr9AAMAIiv98gEgIP3wASEgICEgGyAKav0AAwAiLCAr/fIB/fABISEgKiAOIApq/QADACIr/fIBICL98AEhIiAjICwgK/3yAf3wASEjICogDCAKav0AAwAiK/3yASAk/fABISQgJSAsICv98gH98AEhJSAqIBEgCmr9AAMAIiv98gEgJv3wASEmICcgLCAr/fIB/fABIScgCkEQaiEKIClBA2ohLSApQQJqIighKSAtIAZIDQALCyADICggH2pBA3RqISkgAyAoIB1qQQN0aiEtAkACQCAoIAZIIgpFDQAgACATIBJqQQN0aiACIBQgKGpBA3RqIh0rAwAgLSsDAKIgJ/0hACAn/SEBoKA5AwAgHSsDACApKwMAoiEuDAELRAAAAAAAAAAAIS4gACATIBJqQQN0aiAn/SEAICf9IQGgRAAAAAAAAAAAoDkDAAsgACATIB5qQQN0aiAuICb9IQAgJv0hAaCgOQMAAkACQCAKDQBEAAAAAAAAAAAhLiAAIBkgEmpBA3RqICX9IQAgJf0hAaBEAAAAAAAAAACgOQMADAELIAAgGSASakEDdGogAiAaIChqQQN0aiIdKwMAIC0rAwCiICX9IQAgJf0hAaCgOQMAIB0rAwAgKSsDAKIhLgsgACAZIB5qQQN0aiAuICT9IQAgJP0hAaCgOQMAAkACQCAKDQBEAAAAAAAAAAAhLiAAIBcgEmpBA3RqICP9IQAgI/0hAaBEAAAAAAAAAACgOQMADAELIAAgFyASakEDdGogAiAYIChqQQN0aiIdKwMAIC0rAwCiICP9IQAgI/0hAaCgOQMAIB0rAwAgKSsDAKIhLgsgACAXIB5qQQN0aiAuICL9IQAgIv0hAaCgOQMAAkACQCAKDQBEAAAAAAAAAAAhLiAAIBUgEmpBA3RqICH9IQAgIf0hAaBEAAAAAAAAAACgOQMADAELIAAgFSASakEDdGogAiAWIChqQQN0aiIKKwMAIC0rAwCiICH9IQAgIf0hAaCgOQMAIAorAwAgKSsDAKIhLgsgACAVIB5qQQN0aiAuICD9IQAgIP0hAaCgOQMAIBsgDWohGyAcIA1qIRwgEkECaiISQQFyIARIDQALCwJAIBIgBE4NACAH/QwAAAAAAAAAAAAAAAAAAAAAIir9CwQwIAcgKv0LBAAgByAq/QsEECAHICr9CwRQIAcgKv0LBCAgByAq/QsEcCAHICr9CwRAIAcgKv0LBGAgEiAGbCETQQAhHAJAIAZBAkgNACADIBNBA3RqIR5BACEcIBEhKCAMIRsDQCAeIBxBA3Rq/QADACEqQQAhCkEAISkDQCAHIClqIi0gLf0ABAAgKiAoIApq/QADAP3yAf3wAf0LBAAgLUEgaiItIC39AAQAICogGyAKav0AAwD98gH98AH9CwQAIAogDWohCiApQcAAaiIpQYABRw0ACyAoQRBqISggG0EQaiEbIBxBAmoiHEEBciAGSA0ACwsgCCAEbCEKIAMgHCATakEDdGohKUQAAAAAAAAAACEuRAAAAAAAAAAAIS8CQCAcIAZODQAgAiAIIAZsIBxqQQN0aisDACApKwMAoiEvCyAAIAogEmpBA3RqIC8gBysDACAHKwMIoKA5AwAgCEEBciIoIARsIS0CQCAcIAZOIgoNACACICggBmwgHGpBA3RqKwMAICkrAwCiIS4LIAAgLSASakEDdGogLiAHKwMgIAcrAyigoDkDACAIQQJyIiggBGwhLUQAAAAAAAAAACEuRAAAAAAAAAAAIS8CQCAKDQAgAiAoIAZsIBxqQQN0aisDACApKwMAoiEvCyAAIC0gEmpBA3RqIC8gBysDQCAHKwNIoKA5AwAgCEEDciIoIARsIS0CQCAKDQAgAiAoIAZsIBxqQQN0aisDACApKwMAoiEuCyAAIC0gEmpBA3RqIC4gBysDYCAHKwNooKA5AwALIBEgCWohESAMIAlqIQwgDiAJaiEOIA8gCWohDyAIQQRqIghBA3IgBUgNAAsLAkAgCCAFTg0AIAZBBHQhDiAGQQN0IRwgBkF+cSEeIAIgCCAGbEEDdGohESAEQQJIIRIDQEEAIQ0CQCASDQAgCCAEbCEMIAggBmwhD0EAIQ0gAyEHA0ACQAJAIAZBAk4NAP0MAAAAAAAAAAAAAAAAAAAAACIqISxBACEbDAELQQAhKSAHIQogESEt/QwAAAAAAAAAAAAAAAAAAAAAIiohLANAICwgCv0AAwAgLf0AAwAiIP3yAf3wASEsIAogHGr9AAMAICD98gEgKv3wASEqIClBA2ohKCAKQRBqIQogLUEQaiEtIClBAmoiGyEpICggBkgNAAsLIA1BAXIhCgJAAkAgGyAGTg0AIAAgDCANakEDdGogAiAPIBtqQQN0aiIpKwMAIAMgGyANIAZsakEDdGorAwCiICz9IQAgLP0hAaCgOQMAICkrAwAgAyAbIAogBmxqQQN0aisDAKIhLgwBC0QAAAAAAAAAACEuIAAgDCANakEDdGogLP0hACAs/SEBoEQAAAAAAAAAAKA5AwALIAAgDCAKakEDdGogLiAq/SEAICr9IQGgoDkDACAHIA5qIQcgDUECaiINQQFyIARIDQALCwJAIA0gBE4NACANIAZsISgCQAJAIAZBAk4NAEEAIQr9DAAAAAAAAAAAAAAAAAAAAAAhKgwBCyADIChBA3RqIS39DAAAAAAAAAAAAAAAAAAAAAAhKkEAIQpBASEpA0AgKiAtIApq/QADACARIApq/QADAP3yAf3wASEqIApBEGohCiApQQJqIikgBkgNAAsgHiEKCyAIIARsISlEAAAAAAAAAAAhLgJAIAogBk4NACACIAggBmwgCmpBA3RqKwMAIAMgCiAoakEDdGorAwCiIS4LIAAgKSANakEDdGogLiAq/SEAICr9IQGgoDkDAAsgESAcaiERIAhBAWoiCCAFRw0ACwsCQCAFQQFIDQAgBkEDdCEbIAZBfnEhDUEAIS0gBkECSCEcIAIhKANAAkACQCAcRQ0A/QwAAAAAAAAAAAAAAAAAAAAAISpBACEKDAEL/QwAAAAAAAAAAAAAAAAAAAAAISpBASEpICghCgNAICogCv0AAwD98AEhKiAKQRBqIQogKUECaiIpIAZIDQALIA0hCgsgKv0hACAq/SEBoCEvRAAAAAAAAAAAIS4CQCAKIAZODQAgAiAKIC0gBmxqQQN0aisDACEuCyABIC1BA3RqIC8gLqA5AwAgKCAbaiEoIC1BAWoiLSAFRw0ACwsLCABB0IqAgAALqlsFDn8gewF/AXsCfwJAIARBAUgNACAAIAFBFGxqIQUgAUEBSCEGIAQhB0EAIQgDQAJAIAYNACAEIAhrIglBgAEgCUGAAUgbIQogB0GAASAHQYABSBshCyAAIQwDQCACIAwoAhBBAnRqKAIAIQ0gAiAMKAIIQQJ0aigCACEOIAIgDCgCBEECdGooAgAhDwJAAkACQAJAAkACQAJAAkACQAJAAkACQAJAAkACQAJAAkACQAJAAkACQAJAAkACQCAMKAIAIhAOFgUGBwgJCgsEDA0ODxAREhMUFRYAAQECCyAJQQFIDRZBACERA0AgDSARQQN0IgFqIRICQAJAIA8gAWoiAf0AAwAiE/0M/////////3//////////fyIU/U4iFf0MAAAAAAAA4D8AAAAAAADgPyIW/UkiFyAB/QADECIYIBT9TiIZIBb9SSIa/U79wwFFDQAgGP0MbZtCUNcN8j9tm0JQ1w3yPyIb/fIBQQD9CgPAioCAACIcIBggGP3yASIUQQD9AAO4ioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIh0gFEEA/QAEsIqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIeIBRBAP0AA6iKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciHyAUQQD9AASgioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiAgFEEA/QADmIqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIYIBRBAP0ABJCKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciFiAUQQD9AAOIioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiEgFEEA/QAEgIqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIiIBRBAP0AA/iJgIAAIBT9DQABAgMEBQYHAAECAwQFBgciFSAUQQD9AATwiYCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIhkgFCAUQQD9AATgiYCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIhf98gFBAP0AA+iJgIAAIBT9DQABAgMEBQYHAAECAwQFBgciGv3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASEjIBMgG/3yASAcIBMgE/3yASIUIB0gFCAeIBQgHyAUICAgFCAYIBQgFiAUICEgFCAiIBQgFSAUIBkgFCAUIBf98gEgGv3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASEbDAELIBX9DAAAAAAAABhAAAAAAAAAGEAiI/30ASIhQQD9CgP4jICAACIU/fEBICEgFP3wAf3zASIkICT98AEhHyAZICP99AEiIiAU/fEBICIgFP3wAf3zASIlICX98AEhIEEbIQ5B8IyAgAAhAf0MAAAAAAAAAAAAAAAAAAAAACIUISMgFCEbIBQhHANAIB8gFCId/fIBIBv98QEgAf0KAwAiG/3wASEUICAgIyIe/fIBIBz98QEgG/3wASEjIAFBeGohASAdIRsgHiEcIA5Bf2oiDkEBSw0ACyAT/QwAAAAAAAAAgAAAAAAAAACAIh/9Tv0MAAAAAAAA8D8AAAAAAADwPyIcICQgFP3yASAd/fEBQQD9AASgi4CAACAU/Q0AAQIDBAUGBwABAgMEBQYHIh398AEgHCAhICH98AH98AH98wEgHCAhICH97QH98gEiFCAU/Qz+gitlRxX3P/6CK2VHFfc/IiD98gH9DAAAAAAAADhDAAAAAAAAOEMiIf3wASIb/QwAAAAAAAA4wwAAAAAAADjDIiT98AEiFP0MAADg/kIu5r8AAOD+Qi7mvyIm/fIB/fABIicgJyAU/Qx2PHk17znqPXY8eTXvOeo9Iij98gEiKf3xASIUIBT98gFBAP0AA5iLgIAAIBT9DQABAgMEBQYHAAECAwQFBgciJyAUQQD9AASQi4CAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiogFEEA/QADiIuAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIrIBRBAP0ABICLgIAAIBT9DQABAgMEBQYHAAECAwQFBgciLCAUQQD9AAP4ioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIi0gFEEA/QAE8IqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIuIBRBAP0AA+iKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciLyAUQQD9AATgioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIjAgFCAUQQD9AATQioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIjH98gFBAP0AA9iKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciMv3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASAp/fEB/fAB/fABIBtBNP3LAf0MAAAAAAAA8D8AAAAAAADwPyIp/c4B/fIB/fIB/fEB/VAhGyAYIB/9TiAcICUgI/3yASAe/fEBIB398AEgHCAiICL98AH98AH98wEgHCAiICL97QH98gEiFCAUICD98gEgIf3wASIjICT98AEiFCAm/fIB/fABIh0gHSAUICj98gEiHv3xASIUIBT98gEgJyAUICogFCArIBQgLCAUIC0gFCAuIBQgLyAUIDAgFCAUIDH98gEgMv3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASAe/fEB/fAB/fABICNBNP3LASAp/c4B/fIB/fIB/fEB/VAhIyAVIBb9TCAZIBb9TP1O/cMBDQAgGP0MbZtCUNcN8j9tm0JQ1w3yPyIc/fIBQQD9CgPAioCAACIdIBggGP3yASIUQQD9AAO4ioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIh4gFEEA/QAEsIqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIfIBRBAP0AA6iKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciICAUQQD9AASgioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIhggFEEA/QADmIqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIWIBRBAP0ABJCKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciISAUQQD9AAOIioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiIgFEEA/QAEgIqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIVIBRBAP0AA/iJgIAAIBT9DQABAgMEBQYHAAECAwQFBgciGSAUQQD9AATwiYCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiQgFCAUQQD9AATgiYCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiX98gFBAP0AA+iJgIAAIBT9DQABAgMEBQYHAAECAwQFBgciJv3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASAjIBr9UiEjIBMgHP3yASAdIBMgE/3yASIUIB4gFCAfIBQgICAUIBggFCAWIBQgISAUICIgFCAVIBQgGSAUICQgFCAUICX98gEgJv3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASAbIBf9UiEbCyASIBv9CwMAIBIgI/0LAxAgEUEEaiIRIApIDQAMFwsLAkAgCUEBSCIzRQ0A/Qz/////////////////////Ih0hHgwCCyAQQRVGrf0SISBBACESIA8hASANIRH9DP////////////////////8iHyEdIB8hHgNAIAH9AAMAISMgEf0MAAAAAAAA8D8AAAAAAADwPyITIAH9AAMQIhwgHP0Mg8jJbTBf5D+DyMltMF/kPyIY/fIB/QwAAAAAAAA4QwAAAAAAADhDIhb98AEiIf0MAAAAAAAAOMMAAAAAAAA4wyIi/fABIhT9DAAAQFT7Ifm/AABAVPsh+b8iFf3yAf3wASAU/QwAAGAaYbTQvQAAYBphtNC9Ihn98gH98AEgFP0Mc3ADLooZo7tzcAMuihmjuyIX/fIB/fABIhsgG/3yASIU/QwAAAAAAADgPwAAAAAAAOA/Ihr98gEgFCAU/fIBQQD9CgPQiYCAACIkIBRBAP0AA8iJgIAAIBT9DQABAgMEBQYHAAECAwQFBgciJSAUQQD9AATAiYCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiYgFEEA/QADuImAgAAgFP0NAAECAwQFBgcAAQIDBAUGByInIBRBAP0ABLCJgIAAIBT9DQABAgMEBQYHAAECAwQFBgciKCAUIBRBAP0ABKCJgIAAIBT9DQABAgMEBQYHAAECAwQFBgciKf3yAUEA/QADqImAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIq/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fEB/fEBICAgIf3OASIh/QwBAAAAAAAAAAEAAAAAAAAAIiv9TiIs/cEB/U4gLCAf/c4BIBsgGyAU/fIBQQD9CgOYiYCAACIsIBRBAP0ABJCJgIAAIBT9DQABAgMEBQYHAAECAwQFBgciLSAUQQD9AAOIiYCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIi4gFEEA/QAEgImAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIvIBRBAP0AA/iIgIAAIBT9DQABAgMEBQYHAAECAwQFBgciMCAUQQD9AATwiICAACAU/Q0AAQIDBAUGBwABAgMEBQYHIjEgFEEA/QAD6IiAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIyIBRBAP0ABOCIgIAAIBT9DQABAgMEBQYHAAECAwQFBgciNP3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf1O/VAgIUE+/csB/QwAAAAAAAAAgAAAAAAAAACAIiH9Tv1R/QsDECARIBMgIyAjIBj98gEgFv3wASIYICL98AEiFCAV/fIB/fABIBQgGf3yAf3wASAUIBf98gH98AEiGyAb/fIBIhQgGv3yASAUIBT98gEgJCAUICUgFCAmIBQgJyAUICggFCApIBT98gEgKv3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3xAf3xASAgIBj9zgEiEyAr/U4iGP3BAf1OIBggH/3OASAbIBsgFP3yASAsIBQgLSAUIC4gFCAvIBQgMCAUIDEgFCAyIDQgFP3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf1O/VAgE0E+/csBICH9Tv1R/QsDACAe/QwAAAAAAAAAAAAAAAAAAAAAIhQgHP0M/////////3//////////fyIb/U79DAAAAAAAavhAAAAAAABq+EAiHP1J/VIhHiAdIBQgIyAb/U4gHP1J/VIhHSABQSBqIQEgEUEgaiERIBJBBGoiEiAKSA0ADAILCyALIQEgCUEBSA0UA0AgDSAQIA8rAwAgDisDABCAgICAADkDACAPQQhqIQ8gDkEIaiEOIA1BCGohDSABQX9qIgENAAwVCwsgMw0TIB0gHv1O/cMBDRMgD0EIaiERIA1BCGohEiAOQQhqITNBACE1A0ACQCAPIDVBA3QiNmoiAf0AAwAiG/0M/////////3//////////fyIU/U79DAAAAAAAavhAAAAAAABq+EAiI/1JIAH9AAMQIBT9TiAj/Un9Tv3DAQ0AIA0gNmogECAb/SEAIA4gNmorAwAQgICAgAA5AwBBACEBA0AgEiABaiAQIBEgAWorAwAgMyABaisDABCAgICAADkDACABQQhqIgFBGEcNAAsLIBFBIGohESASQSBqIRIgM0EgaiEzIDVBBGoiNSAKSA0ADBQLCyALIQEgCUEBSA0SA0AgDSAPKwMAnzkDACAPQQhqIQ8gDUEIaiENIAFBf2oiAQ0ADBMLCyAJQQFIDRFBACEBA0AgD/0AAwAhFCANIA/9AAMQ/QsDECANIBT9CwMAIA9BIGohDyANQSBqIQ0gAUEEaiIBIApIDQAMEgsLIAlBAUgNEEEAIQEDQCAO/QADACEUIA/9AAMAISMgDSAP/QADECAO/QADEP3wAf0LAxAgDSAjIBT98AH9CwMAIA9BIGohDyAOQSBqIQ4gDUEgaiENIAFBBGoiASAKSA0ADBELCyAJQQFIDQ9BACEBA0AgDv0AAwAhFCAP/QADACEjIA0gD/0AAxAgDv0AAxD98QH9CwMQIA0gIyAU/fEB/QsDACAPQSBqIQ8gDkEgaiEOIA1BIGohDSABQQRqIgEgCkgNAAwQCwsgCUEBSA0OQQAhAQNAIA79AAMAIRQgD/0AAwAhIyANIA/9AAMQIA79AAMQ/fIB/QsDECANICMgFP3yAf0LAwAgD0EgaiEPIA5BIGohDiANQSBqIQ0gAUEEaiIBIApIDQAMDwsLIAlBAUgNDUEAIQEDQCAO/QADACEUIA/9AAMAISMgDSAP/QADECAO/QADEP3zAf0LAxAgDSAjIBT98wH9CwMAIA9BIGohDyAOQSBqIQ4gDUEgaiENIAFBBGoiASAKSA0ADA4LCyAJQQFIDQxBACEBA0AgDv0AAwAhIyAP/QADACEbIA0gD/0AAxAiHCAO/QADECId/fIB/QwAAAAAAAAAAAAAAAAAAAAAIhQgHSAU/UggHCAU/Uj9Tv1S/QsDECANIBsgI/3yASAUICMgFP1IIBsgFP1I/U79Uv0LAwAgD0EgaiEPIA5BIGohDiANQSBqIQ0gAUEEaiIBIApIDQAMDQsLIAlBAUgNC0EAIQEDQCAP/QADACEUIA0gD/0AAxD9DP////////9//////////38iI/1O/QsDECANIBQgI/1O/QsDACAPQSBqIQ8gDUEgaiENIAFBBGoiASAKSA0ADAwLCyAJQQFIDQpBACEBA0AgDv0AAwAhFCAP/QADACEjIA0gD/0AAxAgDv0AAxD99wH9CwMQIA0gIyAU/fcB/QsDACAPQSBqIQ8gDkEgaiEOIA1BIGohDSABQQRqIgEgCkgNAAwLCwsgCUEBSA0JQQAhAQNAIA79AAMAIRQgD/0AAwAhIyANIA/9AAMQIA79AAMQ/fYB/QsDECANICMgFP32Af0LAwAgD0EgaiEPIA5BIGohDiANQSBqIQ0gAUEEaiIBIApIDQAMCgsLIAlBAUgNCEEAIQEDQCAO/QADACEUIA/9AAMAISMgDf0M/////////////////////yId/QwAAAAAAADwPwAAAAAAAPA/Ih79DAAAAAAAAAAAAAAAAAAAAAAiHyAP/QADECIbIA79AAMQIhz9Sf1SIBsgG/1IIBwgHP1I/VD9Uv0LAxAgDSAdIB4gHyAjIBT9Sf1SICMgI/1IIBQgFP1I/VD9Uv0LAwAgD0EgaiEPIA5BIGohDiANQSBqIQ0gAUEEaiIBIApIDQAMCQsLIAlBAUgNB0EAIQEDQCAO/QADACEUIA/9AAMAISMgDf0M/////////////////////yId/QwAAAAAAADwPwAAAAAAAPA/Ih79DAAAAAAAAAAAAAAAAAAAAAAiHyAP/QADECIbIA79AAMQIhz9S/1SIBsgG/1IIBwgHP1I/VD9Uv0LAxAgDSAdIB4gHyAjIBT9S/1SICMgI/1IIBQgFP1I/VD9Uv0LAwAgD0EgaiEPIA5BIGohDiANQSBqIQ0gAUEEaiIBIApIDQAMCAsLIAlBAUgNBiACIAwoAgxBAnRqKAIAIQFBACERA0AgAf0AAwAhGyAO/QADACEcIA/9AAMAIRQgDf0M/////////////////////yIdIA79AAMQIAH9AAMQIA/9AAMQIiP9DAAAAAAAAPA/AAAAAAAA8D8iHv1H/VIgIyAj/Uj9Uv0LAxAgDSAdIBwgGyAUIB79R/1SIBQgFP1I/VL9CwMAIA9BIGohDyAOQSBqIQ4gDUEgaiENIAFBIGohASARQQRqIhEgCkgNAAwHCwv9DP////////////////////8hHAJAAkAgCUEBSCIzRQ0AIBwhHQwBC0EAIRIgDyEBIA0hESAcIR0DQCAB/QADACEjIBEgAf0AAxAiGyAb/Qz+gitlRxX3P/6CK2VHFfc/Ih798gH9DAAAAAAAADhDAAAAAAAAOEMiH/3wASIg/QwAAAAAAAA4wwAAAAAAADjDIhP98AEiFP0MAADg/kIu5r8AAOD+Qi7mvyIY/fIB/fABIhYgFiAU/Qx2PHk17znqPXY8eTXvOeo9IiH98gEiIv3xASIUIBT98gFBAP0AA5iLgIAAIBT9DQABAgMEBQYHAAECAwQFBgciFiAUQQD9AASQi4CAACAU/Q0AAQIDBAUGBwABAgMEBQYHIhUgFEEA/QADiIuAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIZIBRBAP0ABICLgIAAIBT9DQABAgMEBQYHAAECAwQFBgciFyAUQQD9AAP4ioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIhogFEEA/QAE8IqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIkIBRBAP0AA+iKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciJSAUQQD9AATgioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiYgFEEA/QAD2IqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByInIBRBAP0ABNCKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciKP3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASAi/fEB/fAB/QwAAAAAAADwPwAAAAAAAPA/IiL98AEgIEE0/csB/QwAAAAAAADwPwAAAAAAAPA/IiD9zgH98gH9CwMQIBEgIyAjIB798gEgH/3wASIeIBP98AEiFCAY/fIB/fABIh8gHyAUICH98gEiE/3xASIUIBT98gEgFiAUIBUgFCAZIBQgFyAUIBogFCAkIBQgJSAUICYgFCAnICggFP3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASAT/fEB/fABICL98AEgHkE0/csBICD9zgH98gH9CwMAIB39DAAAAAAAAAAAAAAAAAAAAAAiFCAb/Qz/////////f/////////9/Ih79Tv0MAAAAAAAghkAAAAAAACCGQCIb/Un9UiEdIBwgFCAjIB79TiAb/Un9UiEcIAFBIGohASARQSBqIREgEkEEaiISIApIDQALCyAzDQUgHCAd/U79wwENBSAPQQhqIREgDUEIaiESIA5BCGohM0EAIRADQAJAIA8gEEEDdCI1aiIB/QADACIb/Qz/////////f/////////9/IhT9Tv0MAAAAAAAghkAAAAAAACCGQCIj/UkgAf0AAxAgFP1OICP9Sf1O/cMBDQAgDSA1akENIBv9IQAgDiA1aisDABCAgICAADkDAEEAIQEDQCASIAFqQQ0gESABaisDACAzIAFqKwMAEICAgIAAOQMAIAFBCGoiAUEYRw0ACwsgEUEgaiERIBJBIGohEiAzQSBqITMgEEEEaiIQIApIDQAMBgsL/Qz/////////////////////IRwCQAJAIAlBAUgiM0UNACAcIR0MAQtBACESIA8hASANIREgHCEdA0AgAf0AAwAhIyARIAH9AAMQIhv9DP6CK2VHFfc//oIrZUcV9z8iHv3yAf0MAAAAAAAAOEMAAAAAAAA4QyIf/fABIhRBNP3LAf0MAAAAAAAA8D8AAAAAAADwPyIg/c4BIhP9DAAAAAAAAPC/AAAAAAAA8L8iGP3wASAbIBT9DAAAAAAAADjDAAAAAAAAOMMiFv3wASIU/QwAAOD+Qi7mvwAA4P5CLua/IiH98gH98AEiIiAiIBT9DHY8eTXvOeo9djx5Ne856j0iFf3yASIZ/fEBIhQgFP3yAUEA/QADmIuAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIiIBRBAP0ABJCLgIAAIBT9DQABAgMEBQYHAAECAwQFBgciFyAUQQD9AAOIi4CAACAU/Q0AAQIDBAUGBwABAgMEBQYHIhogFEEA/QAEgIuAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIkIBRBAP0AA/iKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciJSAUQQD9AATwioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiYgFEEA/QAD6IqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByInIBRBAP0ABOCKgIAAIBT9DQABAgMEBQYHAAECAwQFBgciKCAUQQD9AAPYioCAACAU/Q0AAQIDBAUGBwABAgMEBQYHIikgFEEA/QAE0IqAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIq/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIB/fAB/fIBIBn98QH98AEgE/3yAf3wAf0LAxAgESAjIB798gEgH/3wASIUQTT9ywEgIP3OASIeIBj98AEgIyAUIBb98AEiFCAh/fIB/fABIh8gHyAUIBX98gEiIP3xASIUIBT98gEgIiAUIBcgFCAaIBQgJCAUICUgFCAmIBQgJyAUICggFCApICogFP3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yAf3wAf3yASAg/fEB/fABIB798gH98AH9CwMAIB39DAAAAAAAAAAAAAAAAAAAAAAiFCAb/Qz/////////f/////////9/Ih79Tv0MAAAAAAAghkAAAAAAACCGQCIb/Un9UiEdIBwgFCAjIB79TiAb/Un9UiEcIAFBIGohASARQSBqIREgEkEEaiISIApIDQALCyAzDQQgHCAd/U79wwENBCAPQQhqIREgDUEIaiESIA5BCGohM0EAIRADQAJAIA8gEEEDdCI1aiIB/QADACIb/Qz/////////f/////////9/IhT9Tv0MAAAAAAAghkAAAAAAACCGQCIj/UkgAf0AAxAgFP1OICP9Sf1O/cMBDQAgDSA1akEOIBv9IQAgDiA1aisDABCAgICAADkDAEEAIQEDQCASIAFqQQ4gESABaisDACAzIAFqKwMAEICAgIAAOQMAIAFBCGoiAUEYRw0ACwsgEUEgaiERIBJBIGohEiAzQSBqITMgEEEEaiIQIApIDQAMBQsL/Qz/////////////////////IR4CQAJAIAlBAUgiM0UNACAeIR8MAQtBACESIA8hASANIREgHiEfA0AgAf0AAwAhIyARIAH9AAMQIhz9DAAAAAAAAPA/AAAAAAAA8D8iIP3wASIU/QwzxICZYV8ZwDPEgJlhXxnAIhP9zgEiG0E0/cwB/QwAAAAAAAA4QwAAAAAAADhDIhj9zgH9DAAAAAAAADjDAAAAAAAAOMMiFv3wASIh/QwAAOD+Qi7mPwAA4P5CLuY/IiL98gEgFCAb/QwAAAAAAADw/wAAAAAAAPD/IhX9Tv3RAf0MAAAAAAAA8L8AAAAAAADwvyId/fABIhsgG/0MAAAAAAAA4D8AAAAAAADgPyIZ/fIB/fIBIhf9DAAAAAAAAAAAAAAAAAAAAAAiGiAcIBQgHf3wAf3xASAU/fMBIBT9DAAAAAAAAEBDAAAAAAAAQEMiJP1K/VIgIf0Mdjx5Ne856j12PHk17znqPSIl/fIB/fABIBsgG/0MAAAAAAAAAEAAAAAAAAAAQCIh/fAB/fMBIhQgFyAUIBT98gEiFEEA/QoD0IiAgAAiJiAUQQD9AAPIiICAACAU/Q0AAQIDBAUGBwABAgMEBQYHIicgFEEA/QAEwIiAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIoIBRBAP0AA7iIgIAAIBT9DQABAgMEBQYHAAECAwQFBgciKSAUQQD9AASwiICAACAU/Q0AAQIDBAUGBwABAgMEBQYHIiogFEEA/QADqIiAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIrIBRBAP0ABKCIgIAAIBT9DQABAgMEBQYHAAECAwQFBgciLCAUQQD9AAOYiICAACAU/Q0AAQIDBAUGBwABAgMEBQYHIi0gFEEA/QAEkIiAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIuIBRBAP0AA4iIgIAAIBT9DQABAgMEBQYHAAECAwQFBgciLyAUQQD9AASAiICAACAU/Q0AAQIDBAUGBwABAgMEBQYHIjD98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98QEgG/3xAf3xAf0LAxAgESAjICD98AEiFCAT/c4BIhtBNP3MASAY/c4BIBb98AEiICAi/fIBIBQgGyAV/U790QEgHf3wASIbIBsgGf3yAf3yASITIBogIyAUIB398AH98QEgFP3zASAUICT9Sv1SICAgJf3yAf3wASAbIBsgIf3wAf3zASIUIBMgFCAU/fIBIhQgJiAUICcgFCAoIBQgKSAUICogFCArIBQgLCAUIC0gFCAuIBQgLyAwIBT98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98gH98AH98QEgG/3xAf3xAf0LAwAgH/0MAAAAAAAAAAAAAAAAAAAAACIUIBz9DM3MzMzMzOy/zczMzMzM7L8iG/1KIBz9DJx1AIg85Dd+nHUAiDzkN34iHf1J/U79UiEfIB4gFCAjIBv9SiAjIB39Sf1O/VIhHiABQSBqIQEgEUEgaiERIBJBBGoiEiAKSA0ACwsgMw0DIB4gH/1O/cMBDQMgD0EIaiERIA1BCGohEiAOQQhqITNBACEQA0ACQCAPIBBBA3QiNWoiAf0AAwAiFP0MzczMzMzM7L/NzMzMzMzsvyIj/UogAf0AAxAiGyAj/Ur9DQABAgMICQoLEBESExgZGhsgFP0MnHUAiDzkN36cdQCIPOQ3fiIj/UkgGyAj/Un9DQABAgMICQoLEBESExgZGhv9TiIjIBT9DQABAgMAAAAABAUGBwAAAABBIP3LAUEg/cwBICMgFP0NCAkKCwAAAAAMDQ4PAAAAAEE//csBQT/9zAH9Tv3DAQ0AIA0gNWpBDyAU/SEAIA4gNWorAwAQgICAgAA5AwBBACEBA0AgEiABakEPIBEgAWorAwAgMyABaisDABCAgICAADkDACABQQhqIgFBGEcNAAsLIBFBIGohESASQSBqIRIgM0EgaiEzIBBBBGoiECAKSA0ADAQLC/0M/////////////////////yEbAkACQCAJQQFIIhBFDQAgGyEcDAELQQAhMyAPIQEgDSERIA4hEiAbIRwDQCAB/QADACEUIBL9AAMAIR0gESAS/QADEP0MAAAAAAAAAIAAAAAAAAAAgCIe/U4gAf0AAxAiIyAj/QwAAAAAAAAAQAAAAAAAAABAIh/98AH98wH9UP0LAxAgESAdIB79TiAUIBQgH/3wAf3zAf1Q/QsDACAc/QwAAAAAAAAAAAAAAAAAAAAAIh0gI/0MnHUAiDzkN36cdQCIPOQ3fiIe/Un9UiEcIBsgHSAUIB79Sf1SIRsgAUEgaiEBIBFBIGohESASQSBqIRIgM0EEaiIzIApIDQALCyAQDQIgGyAc/U79wwENAiAPQQhqIREgDUEIaiESIA5BCGohM0EAIRADQAJAIA8gEEEDdCI1aiIB/QADACIj/QycdQCIPOQ3fpx1AIg85Dd+IhT9SSAB/QADECAU/Un9Tv3DAQ0AIA0gNWpBECAj/SEAIA4gNWorAwAQgICAgAA5AwBBACEBA0AgEiABakEQIBEgAWorAwAgMyABaisDABCAgICAADkDACABQQhqIgFBGEcNAAsLIBFBIGohESASQSBqIRIgM0EgaiEzIBBBBGoiECAKSA0ADAMLC/0M/////////////////////yEcAkACQCAJQQFIIjNFDQAgHCEdDAELQQAhEiAPIQEgDSERIBwhHQNAIAH9AAMAIRQgEf0MAAAAAAAAAEAAAAAAAAAAQCIjICMgAf0AAxAiG/3wAf3zASIeIB4gG/0MAAAAAAAA8D8AAAAAAADwPyIf/fAB/fIB/fIB/QsDECARICMgFCAj/fAB/fMBIiMgIyAUIB/98AH98gH98gH9CwMAIB39DAAAAAAAAAAAAAAAAAAAAAAiIyAb/QycdQCIPOQ3fpx1AIg85Dd+Ih79Sf1SIR0gHCAjIBQgHv1J/VIhHCABQSBqIQEgEUEgaiERIBJBBGoiEiAKSA0ACwsgMw0BIBwgHf1O/cMBDQEgD0EIaiERIA1BCGohEiAOQQhqITNBACEQA0ACQCAPIBBBA3QiNWoiAf0AAwAiI/0MnHUAiDzkN36cdQCIPOQ3fiIU/UkgAf0AAxAgFP1J/U79wwENACANIDVqQREgI/0hACAOIDVqKwMAEICAgIAAOQMAQQAhAQNAIBIgAWpBESARIAFqKwMAIDMgAWorAwAQgICAgAA5AwAgAUEIaiIBQRhHDQALCyARQSBqIREgEkEgaiESIDNBIGohMyAQQQRqIhAgCkgNAAwCCwsgCUEBSA0AQQAhEQNAIA8gEUEDdCISaiIB/QADECITQQD9CgP4jICAACIU/fEBIBMgFP3wAf3zASIWIBb98AEhHyAB/QADACIYIBT98QEgGCAU/fAB/fMBIiEgIf3wASEgQRshDkHwjICAACEB/QwAAAAAAAAAAAAAAAAAAAAAIhQhIyAUIRsgFCEcA0AgICAUIh398gEgG/3xASAB/QoDACIb/fABIRQgHyAjIh798gEgHP3xASAb/fABISMgAUF4aiEBIB0hGyAeIRwgDkF/aiIOQQFLDQALIA0gEmoiASAhIBT98gEgHf3xAUEA/QAEoIuAgAAgFP0NAAECAwQFBgcAAQIDBAUGByIU/fABIBggGP3wAf0MAAAAAAAA8D8AAAAAAADwPyIb/fAB/fMB/QsDACABIBYgI/3yASAe/fEBIBT98AEgEyAT/fABIBv98AH98wH9CwMQIBFBBGoiESAKSA0ACwsgDEEUaiIMIAVJDQALCyACIQEgAyEOAkAgA0EBSA0AA0AgASABKAIAQYAIajYCACABQQRqIQEgDkF/aiIODQALCyAHQYB/aiEHIAhBgAFqIgggBEgNAAsLCwvQAgEAQYAIC8gCZCELWchCtj8YhmEYhmG4PyivobyG8ro/Hh4eHh4evj8RERERERHBPxQ7sRM7scM/RhdddNFFxz8cx3Ecx3HMP5IkSZIkSdI/mpmZmZmZ2T9VVVVVVVXlPwAAAAAAAAAASq0wcMdS6TwfuDPn8+dqvQltqBNGEuY95ET1Z0XmWr40x1al4x3HPhqgARqgASq/ERERERERgT9VVVVVVVXFvx+4M+fz5yo9nXzAqHQ5qb2Y2Pjv2O4hPlyfeLdPfpK+GqABGqAB+j4XbMEWbMFWv1VVVVVVVaU/AAAAAAAAAADhhT7hSPTWPTqfqhBzthK+OAuHVDAuTD7NjFZVfHeDvhgAehgAerg+C+80k3e9674cwAEcwAEcP9MYMI0B00i/aC+hvYT2cj8YhmEYhmGYv5qZmZmZmbk/VVVVVVVV1b8AAAAAAADwPw==";
/* Functions as tapes: single operations, each over a block of numbers, so that one list of them runs here and in
   compiled code (engine.c).

   An expression is a number or { op, from }; what is written twice is computed once. */

const BLOCK = 128; // as in engine.c

/* exp(x^2) erfc(x) for x >= 0: (1 + 2 x) times it is smooth in t, and summed as a Chebyshev series. */
function erfcx(x) {
  const t = (x - ERFCX_MIDDLE) / (x + ERFCX_MIDDLE);
  let b = 0;
  let c = 0;
  for (let k = ERFCX.length - 1; k > 0; k--) {
    const next = 2 * t * b - c + ERFCX[k];
    c = b;
    b = next;
  }
  return (t * b - c + ERFCX[0]) / (1 + 2 * x);
}

function erf(x) {
  const size = Math.abs(x);
  if (size >= 0.5) return Math.sign(x) * (size > 6 ? 1 : 1 - erfcx(size) * Math.exp(-x * x));
  let sum = 0, term = x; // its series, which keeps the digits near 0
  for (let n = 0; n < 13; n++) {
    sum += term / (2 * n + 1);
    term *= (-x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function tanhSlope(m, x) {
  return m < 1e300 ? (4 * (m + 1)) / (m + 2) / (m + 2) : 4 * Math.exp(-2 * Math.abs(x));
}

const eachOne = (f) => (a, b, c, o, n) => {
  for (let k = 0; k < n; k++) o[k] = f(a[k], b[k]);
};

/* Name of an operation -> what it does with n numbers of lines a, b, c, into line o. Those up to cos have the same
   numbers in engine.c; the rest are done here for both. A comparison is 1, 0, or NaN beside a NaN. */
const OPERATIONS = {
  copy: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k]; },
  add: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] + b[k]; },
  subtract: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] - b[k]; },
  multiply: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] * b[k]; },
  divide: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] / b[k]; },
  // 0 times anything is 0: where a slope is 0, what it is multiplied with may be infinite
  times: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] === 0 || b[k] === 0 ? 0 : a[k] * b[k]; },
  abs: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.abs(a[k]); },
  sqrt: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.sqrt(a[k]); },
  max: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] < b[k] ? b[k] : a[k]; },
  min: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = b[k] < a[k] ? b[k] : a[k]; },
  less: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] < b[k] ? 1 : a[k] >= b[k] ? 0 : NaN; },
  upTo: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] <= b[k] ? 1 : a[k] > b[k] ? 0 : NaN; },
  choose: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] === 1 ? b[k] : a[k] === 0 ? c[k] : NaN; },
  exp: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.exp(a[k]); },
  expm1: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.expm1(a[k]); },
  log1p: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.log1p(a[k]); },
  // both from m = expm1(2 |x|), and from x where that is infinite
  tanh: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.tanh(b[k]); },
  tanhSlope: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = tanhSlope(a[k], b[k]); },
  erfcx: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = erfcx(a[k]); },
  erf: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = erf(a[k]); },
  sin: eachOne(Math.sin),
  cos: eachOne(Math.cos),
  sign: eachOne(Math.sign),
  log: eachOne(Math.log),
  pow: eachOne(Math.pow),
  sinh: eachOne(Math.sinh),
  cosh: eachOne(Math.cosh),
  atan: eachOne(Math.atan),
  atan2: eachOne(Math.atan2),
};
/* Name of an operation -> its number. */
const CODES = Object.fromEntries(Object.keys(OPERATIONS).map((name, i) => [name, i]));

const Z = { op: "z" };
const Y = { op: "y" }; // the labels, of a loss

/* Name of an operation -> what makes an expression with it. */
const ops = Object.fromEntries(Object.entries(OPERATIONS).map(([op, fill]) => [op, (...from) => {
  if (!from.every((one) => typeof one === "number")) return { op, from };
  const [a, b, c] = from.map((one) => [one]);
  const out = [0];
  fill(a, b ?? a, c ?? a, out, 1);
  return out[0];
}]));
Object.assign(ops, {
  add: ((add) => (a, b) => (a === 0 ? b : b === 0 ? a : add(a, b)))(ops.add),
  subtract: ((subtract) => (a, b) => (b === 0 ? a : subtract(a, b)))(ops.subtract),
  divide: ((divide) => (a, b) => (b === 1 ? a : divide(a, b)))(ops.divide),
  multiply: ((multiply) => (a, b) => (a === 1 ? b : b === 1 ? a : multiply(a, b)))(ops.multiply),
  times: ((times) => (a, b) => (a === 0 || b === 0 ? 0 : a === 1 ? b : b === 1 ? a : times(a, b)))(ops.times),
  choose: ((choose) => (a, b, c) => (a === 1 ? b : a === 0 ? c : b === 1 && c === 0 ? a : choose(a, b, c)))(ops.choose),
  abs: ((abs) => (a) => abs(a.op === "multiply" && a.from[0] === -1 ? a.from[1] : a))(ops.abs),
  negative: (a) => ops.multiply(-1, a),
  clip: (a, low, high) => ops.min(ops.max(a, low), high),
  /* Any function of one number; compiled code cannot have it. */
  call: (f, a) => ({ op: "call", f: eachOne(f), from: [a] }),
});

/* Some expressions as one tape. Its lines: the inputs, the outputs, then the rest, each used again when what is in it
   is no longer needed. */
class Tape {
  constructor(outputs, inputs = [Z]) {
    const list = []; // every operation once, after those that it takes
    const found = new Map();
    const keys = new Map();
    const visit = (one) => {
      if (found.has(one)) return found.get(one);
      const from = one.from?.map(visit) ?? [];
      const key = typeof one === "number" ? `${Object.is(one, -0) ? "-0" : one}`
        : one.op === "call" ? {} : `${one.op} ${from.map(({ id }) => id).join(" ")}`;
      let known = keys.get(key);
      if (!known) {
        known = { ...(typeof one === "number" ? { value: one } : one), from, id: keys.size, last: 0 };
        keys.set(key, known);
        list.push(known);
      }
      found.set(one, known);
      return known;
    };
    this.inputs = inputs.length;
    inputs.forEach((one, i) => { visit(one).line = i; });
    const ends = outputs.map(visit);
    this.outputs = ends.length;
    this.streams = this.inputs + this.outputs;
    ends.forEach((end, i) => { if (end.from.length && end.line === undefined) end.line = this.inputs + i; });
    const steps = list.filter(({ from }) => from.length);
    steps.forEach((one, i) => one.from.forEach((earlier) => { earlier.last = i; }));
    this.constants = list.filter(({ value }) => value !== undefined);
    this.constants.forEach((one, i) => { one.line = this.streams + i; });
    let count = this.streams + this.constants.length;
    const free = [];
    this.steps = steps.map((one, i) => {
      if (one.line === undefined) one.line = free.pop() ?? count++;
      one.from.forEach((earlier) => {
        if (earlier.last === i && earlier.line >= this.streams && earlier.value === undefined) {
          free.push(earlier.line);
          earlier.last = -1; // it may be taken twice
        }
      });
      const [a, b = a, c = a] = one.from.map(({ line }) => line);
      return { op: one.op, f: one.f ?? OPERATIONS[one.op], lines: [a, b, c, one.line] };
    });
    ends.forEach(({ line }, i) => {
      const to = this.inputs + i;
      if (line !== to) this.steps.push({ op: "copy", f: OPERATIONS.copy, lines: [line, line, line, to] });
    });
    this.count = count;
  }

  /* The operations for engine.c: number, and four lines. */
  get code() {
    return Int32Array.from(this.steps.flatMap(({ op, lines }) => [CODES[op], ...lines]));
  }

  /* n numbers of each input into each output: Float64Arrays, all of them others. */
  run(streams, n) {
    if (!this.lines) {
      this.lines = Array.from({ length: this.count }, () => new Float64Array(BLOCK));
      this.constants.forEach(({ line, value }) => this.lines[line].fill(value));
    }
    const { lines, steps } = this;
    for (let at = 0; at < n; at += BLOCK) {
      const size = Math.min(BLOCK, n - at);
      for (let i = 0; i < this.streams; i++) lines[i] = n > BLOCK ? streams[i].subarray(at, at + size) : streams[i];
      for (let i = 0; i < steps.length; i++) {
        const [a, b, c, o] = steps[i].lines;
        steps[i].f(lines[a], lines[b], lines[c], lines[o], size);
      }
    }
  }
}

/* The slope of the function that was asked last. */
let slope = 0;

/* What all parts take for a function: f(z) returns the value and leaves the slope in `slope`; f.fill(z, n, value,
   slopes, bends) does n numbers at once (slopes and bends may be null); f.values and f.both are its tapes. */
function asFunction([value, steep, bent]) {
  const made = {};
  const tape = (name, ...outputs) => (made[name] ??= new Tape(outputs));
  const [at, ...one] = [0, 0, 0].map(() => new Float64Array(1));
  const f = (z) => {
    at[0] = z;
    f.both.run([at, ...one], 1);
    slope = one[1][0];
    return one[0][0];
  };
  Object.defineProperties(f, {
    values: { get: () => tape("values", value) },
    both: { get: () => tape("both", value, steep) },
    all: { get: () => tape("all", value, steep, bent) },
  });
  f.fill = (z, n, values, slopes, bends) => {
    if (bends) f.all.run([z, values, slopes, bends], n);
    else if (slopes) f.both.run([z, values, slopes], n);
    else f.values.run([z, values], n);
  };
  return f;
}
/* Every function of the catalog: an entry takes its settings and returns what makes of z two expressions of tape.js,
   value and slope, which share what is expensive. Tables that no part defines, such as CATALOG, are written by make.py,
   from the package. */

const SQRT_2_PI = Math.sqrt(2 * Math.PI);
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

const { FUNCTIONS, LOSSES, normal } = (() => {
const {
  abs, add, atan2, choose, clip, cos, divide, erfcx, exp, expm1, less, log1p, max, min, multiply, negative, sin, sqrt,
  subtract, tanhSlope, upTo,
} = ops;
const positive = (z) => less(0, z);
const half = (x) => multiply(0.5, x);
const square = (x) => multiply(x, x);
/* The highest power's coefficient first. */
const polynomial = (x, coefficients) => coefficients.reduce((sum, one) => add(multiply(x, sum), one));

// never the exp of a positive number
const softplus = (z) => add(max(z, 0), log1p(exp(negative(abs(z)))));

function logistic(z) {
  const e = exp(negative(abs(z)));
  const s = divide(1, add(1, e));
  const other = multiply(e, s); // s(-|z|); the slope is not s (1 - s): that is 0 once s rounds to 1
  return [choose(less(z, 0), other, s), multiply(other, s)];
}
const sigmoid = (z) => logistic(z)[0];

function hyperbolic(z) {
  const m = expm1(multiply(2, abs(z)));
  return [ops.tanh(m, z), tanhSlope(m, z)]; // the slope is not 1 - t^2, which cancels far out
}

const tanh = (z) => hyperbolic(z)[0];

const leaky = ({ negative_slope: a }) => (z) =>
  [choose(positive(z), z, multiply(a, z)), choose(positive(z), 1, a)];

/* scale times z, or times alpha (exp(z / bend) - 1) where z <= 0. */
const exponential = (scale, alpha, bend) => (z) => {
  const inner = min(divide(z, bend), 0);
  return [
    choose(positive(z), multiply(scale, z), multiply(scale * alpha, expm1(inner))),
    choose(positive(z), scale, multiply((scale * alpha) / bend, exp(inner))),
  ];
};

const swish = ({ beta }) => (z) => {
  const u = clip(multiply(beta, z), -1000, 1000);
  const [gate, steep] = logistic(u);
  return [multiply(z, gate), add(gate, multiply(u, steep))];
};

/* Of the standard normal distribution: the share below z, and the density without its constant. */
function normal(z) {
  const density = exp(multiply(half(negative(z)), z));
  const tail = half(multiply(erfcx(multiply(min(abs(z), 40), Math.SQRT1_2)), density));
  return [choose(less(z, 0), tail, subtract(1, tail)), density];
}

const FUNCTIONS = {
  identity: () => (z) => [z, 1],
  step: () => (z) => [upTo(0, z), 0],
  hardshrink: ({ threshold }) => (z) => {
    const outside = less(threshold, abs(z));
    return [choose(outside, z, 0), outside];
  },
  softshrink: ({ threshold }) => (z) => [subtract(z, clip(z, -threshold, threshold)), less(threshold, abs(z))],
  tanhshrink: () => (z) => {
    const [t, w] = [tanh(z), square(z)];
    // tanh z = z / (1 + r) with r = w / (3 + w / (5 + ... w / 15)), as one fraction: z - tanh z would cancel near 0
    const above = polynomial(w, [1, 594, 45045, 675675, 0]);
    const near = divide(multiply(z, above), polynomial(w, [1, 630, 51975, 945945, 2027025]));
    return [choose(less(abs(z), 0.5), near, subtract(z, t)), square(t)];
  },
  sigmoid: () => logistic,
  logsigmoid: () => (z) => [negative(softplus(negative(z))), sigmoid(negative(z))],
  hardsigmoid: () => (z) => [divide(clip(add(z, 3), 0, 6), 6), divide(less(abs(z), 3), 6)],
  tanh: () => hyperbolic,
  lecun_tanh: () => (z) => {
    const [t, steep] = hyperbolic(multiply(2 / 3, z));
    return [multiply(1.7159, t), multiply(1.7159 * (2 / 3), steep)];
  },
  hardtanh: ({ min_val, max_val }) => (z) => [clip(z, min_val, max_val), multiply(less(min_val, z), less(z, max_val))],
  penalized_tanh: () => (z) => {
    const share = choose(positive(z), 1, 0.25);
    return hyperbolic(z).map((one) => multiply(share, one));
  },
  softsign: () => (z) => {
    const r = divide(1, add(1, abs(z)));
    return [multiply(z, r), square(r)];
  },
  relu: () => (z) => [max(z, 0), positive(z)],
  leaky_relu: leaky,
  relu6: () => (z) => [clip(z, 0, 6), multiply(positive(z), less(z, 6))],
  relu_squared: () => (z) => [square(max(z, 0)), multiply(2, max(z, 0))],
  star_relu: ({ scale, bias }) => (z) =>
    [add(multiply(scale, square(max(z, 0))), bias), multiply(2 * scale, max(z, 0))],
  xielu: ({ alpha_p, alpha_n, beta }) => (z) => {
    const below = multiply(alpha_n, expm1(min(z, 0)));
    return [
      choose(positive(z), multiply(z, add(multiply(alpha_p, z), beta)), add(below, multiply(beta - alpha_n, z))),
      choose(positive(z), add(multiply(2 * alpha_p, z), beta), add(below, beta)),
    ];
  },
  prelu: leaky,
  rrelu: ({ lower, upper }) => leaky({ negative_slope: (lower + upper) / 2 }), // as it is outside of training
  apl: ({ a, b }) => (z) => {
    const below = b.map((hinge) => less(z, hinge));
    const tilt = a.reduce((sum, one, i) => add(sum, multiply(one, below[i])), 0);
    const height = a.reduce((sum, one, i) => add(sum, multiply(one * b[i], below[i])), 0);
    return [subtract(add(max(z, 0), height), multiply(tilt, z)), subtract(positive(z), tilt)];
  },
  threshold: ({ threshold }) => (z) => {
    const above = less(threshold, z);
    return [choose(above, z, 0), above];
  },
  elu: ({ alpha }) => exponential(1, alpha, 1),
  celu: ({ alpha }) => exponential(1, alpha, alpha),
  selu: () => exponential(1.0507009873554805, 1.6732632423543772, 1),
  softplus: ({ beta }) => (z) => {
    const u = multiply(beta, z);
    return [divide(softplus(u), beta), sigmoid(u)];
  },
  squareplus: ({ b }) => (z) => {
    const size = abs(z);
    // beyond, b is lost beside the square, which would overflow
    const root = half(choose(less(size, 1e100), sqrt(add(square(z), b)), size));
    const other = add(root, half(size));
    const value = choose(positive(z), other, divide(b / 4, other)); // where z and the root would cancel
    return [value, divide(value, multiply(2, root))];
  },
  sparse_plus: () => (z) => {
    const steep = half(add(clip(z, -1, 1), 1));
    return [choose(less(z, 1), square(steep), z), steep];
  },
  gelu: () => (z) => {
    const [cdf, density] = normal(z);
    return [multiply(z, cdf), add(cdf, divide(multiply(z, density), SQRT_2_PI))];
  },
  gelu_tanh: () => (z) => {
    const near = clip(z, -50, 50);
    const cubic = multiply(0.044715, multiply(square(near), near));
    const [gate, steep] = logistic(multiply(2 * SQRT_2_OVER_PI, add(near, cubic)));
    const inner = multiply(2 * SQRT_2_OVER_PI, add(1, multiply(3 * 0.044715, square(near))));
    return [multiply(z, gate), add(gate, multiply(multiply(near, inner), steep))];
  },
  golu: () => (z) => {
    const near = max(z, -50);
    const inner = exp(negative(near));
    const gate = exp(negative(inner));
    return [multiply(z, gate), multiply(gate, add(1, multiply(near, inner)))];
  },
  silu: () => swish({ beta: 1 }),
  mish: () => (z) => {
    const t = tanh(softplus(z));
    const left = multiply(subtract(1, t), add(1, t));
    return [multiply(z, t), add(t, multiply(multiply(min(z, 50), sigmoid(z)), left))];
  },
  hardswish: () => (z) => [
    divide(multiply(z, clip(add(z, 3), 0, 6)), 6),
    choose(less(abs(z), 3), divide(add(multiply(2, z), 3), 6), positive(z)),
  ],
  swish,
  xatlu: ({ alpha }) => (z) => {
    const near = clip(z, -1e9, 1e9);
    const beyond = subtract(z, near);
    const far = choose(positive(z), multiply(1 + alpha, beyond), multiply(-alpha, beyond));
    // of z and of -z, each so that it does not cancel where it is small
    const split = (small) => {
      const large = subtract(1, small);
      const [here, there] = [choose(less(z, 0), small, large), choose(less(z, 0), large, small)];
      return subtract(multiply(1 + alpha, here), multiply(alpha, there));
    };
    const angle = atan2(1, abs(near));
    const w = divide(1, add(1, square(z)));
    const part = multiply(abs(z), w);
    // of the slope of z (1/2 + atan(z) / pi) the small side: angle - part, but for Euler's series where that cancels
    let rest = 0;
    for (let n = 10; n > 0; n--) rest = multiply(multiply((2 * n) / (2 * n + 1), w), add(1, rest));
    const steep = choose(less(abs(z), 8), subtract(angle, part), multiply(part, rest));
    return [add(multiply(near, split(divide(angle, Math.PI))), far), split(divide(steep, Math.PI))];
  },
  sine: () => (z) => [sin(z), cos(z)],
  snake: ({ a }) => (z) => {
    const u = multiply(a, z);
    return [add(z, divide(square(sin(u)), a)), square(add(sin(u), cos(u)))];
  },
};

/* Of one logit and its label: the loss, and its slope; as train.losses. */
const LOSSES = {
  bce: (o, y) => [add(subtract(max(o, 0), multiply(o, y)), log1p(exp(negative(abs(o))))), subtract(sigmoid(o), y)],
  brier: (o, y) => {
    const [s, steep] = logistic(o);
    const off = subtract(s, y);
    return [square(off), multiply(multiply(2, off), steep)];
  },
  mse: (o, y) => {
    const off = subtract(o, y);
    return [square(off), multiply(2, off)];
  },
};

return { FUNCTIONS, LOSSES, normal };
})();

const OWN = { title: "Your own", settings: {}, ends: {}, kinks: [], color: "#9b62c8", dash: [] };
/* What the lab shows of a function: that of the catalog, or a typed-in one. */
const entryOf = (name) => (name === "own" ? OWN : CATALOG[name]);

/* f of that name; settings that are not given are the catalog's. One that is typed in is named "own", and its setting
   is its text. */
function functionOf(name, settings = {}) {
  if (name === "own") return typed(settings.text);
  if (!Object.hasOwn(FUNCTIONS, name)) throw new RangeError(`no activation named ${name}`);
  return asFunction(FUNCTIONS[name]({ ...CATALOG[name].settings, ...settings })(Z));
}

/* The kinks with these settings: where the quadrature is cut. */
function kinksOf(name, { threshold, min_val, max_val, b, text } = {}) {
  if (name === "own") return typed(text).cuts;
  if (name === "hardtanh") return [min_val, max_val];
  const own = { hardshrink: [-threshold, threshold], softshrink: [-threshold, threshold], threshold: [threshold] };
  if (name === "apl") return [0, ...b];
  return own[name] ?? CATALOG[name].kinks;
}

/* What weights have to be multiplied with for the function to keep the mean square 1; NaN where there is none. */
const gainOf = (name, settings) => new Theory(name, settings).moments.gain;
/* The second derivative of every function of the catalog: an entry takes its settings and returns f''. On straight
   pieces it is 0; at a kink it is that of one side. */

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const clip = (z, low, high) => (z < low ? low : z > high ? high : z);
const straight = () => () => 0;
const exponentialBend = (scale, alpha, bend) => (z) => (z > 0 ? 0 : ((scale * alpha) / bend ** 2) * Math.exp(z / bend));

/* Of the sigmoid: the first and second derivative. */
function logisticBends(z) {
  const e = Math.exp(-Math.abs(z));
  const first = e / (1 + e) ** 2;
  return [first, -first * Math.tanh(z / 2)];
}
/* Of tanh: its slope, from what does not cancel; its second derivative. */
const hyperbolicSlope = (z) => 4 * logisticBends(2 * z)[0];
const hyperbolicBend = (z) => -2 * Math.tanh(z) * hyperbolicSlope(z);
const swishBend = ({ beta }) => (z) => {
  const u = clip(beta * z, -1000, 1000);
  const [first, second] = logisticBends(u);
  return beta * (2 * first + u * second);
};

const BENDS = {
  identity: straight,
  step: straight,
  hardshrink: straight,
  softshrink: straight,
  tanhshrink: () => (z) => -hyperbolicBend(z),
  sigmoid: () => (z) => logisticBends(z)[1],
  logsigmoid: () => (z) => -logisticBends(z)[0],
  hardsigmoid: straight,
  tanh: () => hyperbolicBend,
  lecun_tanh: () => (z) => 1.7159 * (4 / 9) * hyperbolicBend(z * (2 / 3)),
  hardtanh: straight,
  penalized_tanh: () => (z) => (z > 0 ? 1 : 0.25) * hyperbolicBend(z),
  softsign: () => (z) => (-2 * Math.sign(z)) / (1 + Math.abs(z)) ** 3,
  relu: straight,
  leaky_relu: straight,
  relu6: straight,
  relu_squared: () => (z) => (z > 0 ? 2 : 0),
  star_relu: ({ scale }) => (z) => (z > 0 ? 2 * scale : 0),
  xielu: ({ alpha_p, alpha_n }) => (z) => (z > 0 ? 2 * alpha_p : alpha_n * Math.exp(z)),
  prelu: straight,
  rrelu: straight,
  apl: straight,
  threshold: straight,
  elu: ({ alpha }) => exponentialBend(1, alpha, 1),
  celu: ({ alpha }) => exponentialBend(1, alpha, alpha),
  selu: () => exponentialBend(1.0507009873554805, 1.6732632423543772, 1),
  softplus: ({ beta }) => (z) => beta * logisticBends(beta * z)[0],
  squareplus: ({ b }) => (z) => b / 2 / Math.hypot(z, Math.sqrt(b)) ** 3,
  sparse_plus: () => (z) => (Math.abs(z) < 1 ? 0.5 : 0),
  gelu: () => (z) => (Math.abs(z) > 40 ? 0 : ((2 - z * z) * Math.exp((-z * z) / 2)) / SQRT_2_PI),
  gelu_tanh: () => (z) => {
    const near = clip(z, -50, 50);
    const gate = 2 * SQRT_2_OVER_PI * (near + 0.044715 * near ** 3);
    const first = 2 * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * near * near);
    const second = 12 * SQRT_2_OVER_PI * 0.044715 * near;
    const [steep, bent] = logisticBends(gate);
    return (2 * first + near * second) * steep + near * first * first * bent;
  },
  golu: () => (z) => {
    const near = Math.max(z, -50);
    const inner = Math.exp(-near);
    const steep = Math.exp(-inner) * inner; // of the gate
    return steep * (2 + near * (inner - 1));
  },
  silu: () => swishBend({ beta: 1 }),
  mish: () => (z) => {
    const near = clip(z, -800, 800);
    const inner = Math.max(near, 0) + Math.log1p(Math.exp(-Math.abs(near)));
    const t = Math.tanh(inner);
    const left = hyperbolicSlope(inner); // 1 - t^2
    const s = sigmoid(near);
    return left * s * (2 + near * (sigmoid(-near) - 2 * t * s));
  },
  hardswish: () => (z) => (Math.abs(z) < 3 ? 1 / 3 : 0),
  swish: swishBend,
  xatlu: ({ alpha }) => (z) => ((1 + 2 * alpha) * 2) / Math.PI / (1 + z * z) ** 2,
  sine: () => (z) => -Math.sin(z),
  snake: ({ a }) => (z) => 2 * a * Math.cos(2 * a * z),
};

const bendOf = (name, settings = {}) => BENDS[name]({ ...CATALOG[name].settings, ...settings });
/* Functions that a reader types in: a text becomes expressions of tape.js, by whitelist and without eval.

   Each operation of the text carries a jet {v, s, b}: expressions of its value, slope and second derivative. A text of
   LONGEST characters has about as many operations at most, since each is written with at least one of them. */

const LONGEST = 200; // characters
const DEEPEST = 60; // parentheses, signs and powers within one another

/* What is wrong with a text, and from which character on, the first being 1. */
class Mistake extends Error {
  constructor(words, at) {
    super(`Character ${at}: ${words}`);
    this.at = at;
  }
}

const SQRT_PI = Math.sqrt(Math.PI);
const isNumber = (jet) => typeof jet.v === "number";

/* Functions of one number besides those of the catalog: value, slope, second derivative. */
const ELEMENTARY = (() => {
  const {
    abs, add, atan, choose, cos, cosh, divide, erf, exp, expm1, less, log, log1p, multiply, negative, sign, sin, sinh,
    sqrt, times,
  } = ops;
  const square = (x) => multiply(x, x);
  return {
    abs: (x) => [abs(x), sign(x), 0],
    sign: (x) => [sign(x), 0, 0],
    exp: (x) => [exp(x), exp(x), exp(x)],
    expm1: (x) => [expm1(x), exp(x), exp(x)],
    log: (x) => [log(x), choose(less(x, 0), NaN, divide(1, x)), divide(-1, square(x))],
    log1p: (x) => [log1p(x), choose(less(x, -1), NaN, divide(1, add(1, x))), divide(-1, square(add(1, x)))],
    sqrt: (x) => [sqrt(x), divide(0.5, sqrt(x)), divide(-0.25, multiply(x, sqrt(x)))],
    sin: (x) => [sin(x), cos(x), negative(sin(x))],
    cos: (x) => [cos(x), negative(sin(x)), negative(cos(x))],
    sinh: (x) => [sinh(x), cosh(x), sinh(x)],
    cosh: (x) => [cosh(x), sinh(x), cosh(x)],
    atan: (x) => {
      const steep = divide(1, add(1, square(x)));
      return [atan(x), steep, multiply(multiply(-2, x), square(steep))];
    },
    erf: (x) => {
      const density = exp(multiply(negative(x), x));
      return [erf(x), multiply(2 / SQRT_PI, density), multiply(-4 / SQRT_PI, times(density, x))];
    },
    Phi: (x) => {
      const [cdf, bell] = normal(x);
      const density = divide(bell, SQRT_2_PI);
      return [cdf, density, negative(times(density, x))];
    },
  };
})();
const CONSTANTS = { pi: Math.PI, e: Math.E };
const COUNTS = { max: 2, min: 2, clip: 3, where: 3 }; // arguments; all others take one
const ALIKE = { "−": "-", "·": "*", "×": "*", "÷": "/", "π": "pi", "**": "^" };
const TOKEN = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z_0-9]*|π)|(\*\*|<=|>=|[-+*/^(),<>−·×÷]))/uy;

const shown = (word) => `“${word.length > 20 ? `${word.slice(0, 20)}…` : word}”`;

/* The words of a text: {kind, text, at}, and one of kind "end". */
function wordsOf(text) {
  if (text.length > LONGEST) throw new Mistake(`a function has at most ${LONGEST} of them.`, LONGEST + 1);
  const found = [];
  let at = 0;
  while (text.slice(at).trim()) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) {
      at += text.slice(at).search(/\S/);
      throw new Mistake(`${shown(String.fromCodePoint(text.codePointAt(at)))} means nothing in a function.`, at + 1);
    }
    const [, number, name, sign] = match;
    const word = number ?? name ?? sign;
    at = TOKEN.lastIndex;
    const kind = number ? "number" : name ? "name" : "sign";
    found.push({ kind, text: Object.hasOwn(ALIKE, word) ? ALIKE[word] : word, at: at - word.length + 1 });
  }
  return [...found, { kind: "end", text: "", at: text.length + 1 }];
}

/* Reads a text by recursive descent. `switches` has what jumps or bends where two expressions are equal. */
class Reader {
  constructor(text) {
    this.words = wordsOf(text);
    this.next = 0;
    this.depth = 0;
    this.operations = 0;
    this.switches = [];
    this.variable = { v: Z, s: 1, b: 0 };
    if (this.words.length === 1) throw new Mistake("a function of z is missing, such as z * sigmoid(z).", 1);
    this.result = this.sum();
    const { kind, text: rest, at } = this.word;
    if (kind === "end") return;
    if (rest === ")") throw new Mistake("this parenthesis was never opened.", at);
    if (["<", "<=", ">", ">="].includes(rest)) {
      throw new Mistake("a comparison stands only in where(z > 0, one, other).", at);
    }
    throw new Mistake(`${shown(rest)} cannot stand here: an operation is missing.`, at);
  }

  get word() {
    return this.words[this.next];
  }

  /* The next word, taken, if it is this sign. */
  take(...signs) {
    const { kind, text } = this.word;
    return kind === "sign" && signs.includes(text) ? this.words[this.next++] : null;
  }

  need(sign, words) {
    if (!this.take(sign)) throw new Mistake(words, this.word.at);
  }

  constant(value) {
    this.operations++;
    return { v: value, s: 0, b: 0 };
  }

  operate(name, ...from) {
    this.operations++;
    const [a, b] = from;
    if (name === "/" || (name === "^" && isNumber(b))) this.switchesAt(name === "/" ? b : a, 0);
    if (["max", "min", "<", "<="].includes(name)) this.switchesAt(a, b.v);
    return JETS[name](...from);
  }

  switchesAt(jet, at) {
    if (!isNumber(jet) || typeof at !== "number") this.switches.push([jet.v, at]);
  }

  within(read, at) {
    if (++this.depth > DEEPEST) throw new Mistake(`more than ${DEEPEST} things within one another.`, at);
    const found = read();
    this.depth--;
    return found;
  }

  sum() {
    let left = this.product();
    for (let sign; (sign = this.take("+", "-")); ) left = this.operate(sign.text, left, this.product());
    return left;
  }

  product() {
    let left = this.signed();
    let divided = false;
    for (;;) {
      const sign = this.take("*", "/");
      const { kind, text, at } = this.word;
      if (sign) {
        divided = sign.text === "/";
        left = this.operate(sign.text, left, this.signed());
      } else if (kind === "name" || (kind === "sign" && text === "(")) {
        if (divided) throw new Mistake("write * here, or a parenthesis around what divides.", at);
        left = this.operate("*", left, this.raised());
      } else {
        return left;
      }
    }
  }

  signed() {
    const sign = this.take("-", "+");
    if (!sign) return this.raised();
    const inner = this.within(() => this.signed(), sign.at);
    return sign.text === "-" ? this.operate("negative", inner) : inner;
  }

  raised() {
    const base = this.single();
    const sign = this.take("^");
    return sign ? this.operate("^", base, this.within(() => this.signed(), sign.at)) : base;
  }

  single() {
    const { kind, text, at } = this.word;
    if (kind === "number") {
      this.next++;
      const value = Number(text);
      if (!Number.isFinite(value)) throw new Mistake("this number is too large.", at);
      return this.constant(value);
    }
    if (kind === "name") {
      this.next++;
      return this.named(text, at);
    }
    if (this.take("(")) {
      const inner = this.within(() => this.sum(), at);
      this.need(")", `a parenthesis is missing: the one of character ${at} is open.`);
      return inner;
    }
    if (kind === "end") throw new Mistake("the text ends where a number, z or a function is missing.", at);
    throw new Mistake(`${shown(text)} stands where a number, z or a function is missing.`, at);
  }

  named(name, at) {
    if (name === "z") return this.variable;
    if (Object.hasOwn(CONSTANTS, name)) return this.constant(CONSTANTS[name]);
    const known = [ELEMENTARY, FUNCTIONS, COUNTS].some((table) => Object.hasOwn(table, name));
    if (!known) throw new Mistake(`there is no ${shown(name)}; the variable is z.`, at);
    this.need("(", `${shown(name)} takes what stands in parentheses after it.`);
    const from = this.within(() => this.given(name, at), at);
    if (name === "clip") return this.operate("min", this.operate("max", from[0], from[1]), from[2]);
    if (Object.hasOwn(JETS, name)) return this.operate(name, ...from);
    const [inner] = from;
    const own = !Object.hasOwn(ELEMENTARY, name);
    const kinks = own
      ? kinksOf(name, CATALOG[name].settings)
      : ["abs", "sign", "log", "sqrt"].includes(name) ? [0] : name === "log1p" ? [-1] : [];
    kinks.forEach((kink) => this.switchesAt(inner, kink));
    this.operations++;
    if (!own) return composed(ELEMENTARY[name](inner.v), inner);
    const bent = isNumber(inner) ? 0 : ops.call(bendOf(name), inner.v);
    return composed([...FUNCTIONS[name](CATALOG[name].settings)(inner.v), bent], inner);
  }

  /* The arguments of a function, up to its closing parenthesis. */
  given(name, at) {
    const count = Object.hasOwn(COUNTS, name) ? COUNTS[name] : 1;
    const found = [];
    for (let i = 0; i < count; i++) {
      if (i) this.need(",", `${shown(name)} takes ${count} numbers, with commas between them.`);
      found.push(name === "where" && i === 0 ? this.comparison() : this.sum());
    }
    const { at: here, text } = this.word;
    const many = text === "," ? `${shown(name)} takes ${count === 1 ? "one number" : `${count} numbers`}.` : null;
    this.need(")", many ?? `a parenthesis is missing: the one of ${shown(name)}, character ${at}, is open.`, here);
    return found;
  }

  comparison() {
    const left = this.sum();
    const sign = this.take("<", "<=", ">", ">=");
    if (!sign) throw new Mistake("where begins with a comparison, such as z > 0.", this.word.at);
    const right = this.sum();
    return sign.text.startsWith(">")
      ? this.operate(sign.text.replace(">", "<"), right, left)
      : this.operate(sign.text, left, right);
  }
}

const JETS = (() => {
  const { abs, add, choose, divide, less, log, multiply, pow, subtract, times, upTo } = ops;
  const square = (x) => multiply(x, x);
  const twice = (x) => multiply(2, x);

  const chosen = (which, p, q) => {
    const [v, s, b] = ["v", "s", "b"].map((key) => choose(which, p[key], q[key]));
    return { v, s, b };
  };
  /* Where both are equal, the one that is less steep: max(z, 0) has slope 0 at 0, as relu has. */
  const pick = (p, q, lower, upper) =>
    chosen(choose(less(lower.v, upper.v), 1, times(upTo(lower.v, upper.v), less(abs(p.s), abs(q.s)))), p, q);

  /* With an exponent that is one number. */
  const power = (p, y) => {
    const raised = (n) => (n === 0 ? 1 : n === 1 ? p.v : n === 2 ? square(p.v) : n === 3 ? multiply(square(p.v), p.v)
      : pow(p.v, n));
    const first = times(y, raised(y - 1));
    return {
      v: raised(y),
      s: times(first, p.s),
      b: add(times(times(y * (y - 1), raised(y - 2)), square(p.s)), times(first, p.b)),
    };
  };

  return {
    "+": (p, q) => ({ v: add(p.v, q.v), s: add(p.s, q.s), b: add(p.b, q.b) }),
    "-": (p, q) => ({ v: subtract(p.v, q.v), s: subtract(p.s, q.s), b: subtract(p.b, q.b) }),
    negative: (p) => ({ v: multiply(-1, p.v), s: multiply(-1, p.s), b: multiply(-1, p.b) }),
    "*": (p, q) => ({
      v: multiply(p.v, q.v),
      s: add(times(p.s, q.v), times(p.v, q.s)),
      b: add(add(times(p.b, q.v), twice(times(p.s, q.s))), times(p.v, q.b)),
    }),
    "/": (p, q) => {
      const v = divide(p.v, q.v);
      const s = divide(subtract(p.s, times(v, q.s)), q.v);
      return { v, s, b: divide(subtract(subtract(p.b, twice(times(s, q.s))), times(v, q.b)), q.v) };
    },
    "^": (p, q) => {
      if (isNumber(q)) return power(p, q.v);
      const v = pow(p.v, q.v);
      const grows = add(times(q.s, log(p.v)), times(q.v, divide(p.s, p.v)));
      const rate = divide(p.s, p.v);
      const bends = add(add(times(q.b, log(p.v)), twice(times(q.s, rate))),
        times(q.v, subtract(divide(p.b, p.v), square(rate))));
      return { v, s: times(v, grows), b: times(v, add(square(grows), bends)) };
    },
    max: (p, q) => pick(p, q, q, p),
    min: (p, q) => pick(p, q, p, q),
    "<": (p, q) => ({ v: less(p.v, q.v), s: 0, b: 0 }),
    "<=": (p, q) => ({ v: upTo(p.v, q.v), s: 0, b: 0 }),
    where: (c, p, q) => chosen(c.v, p, q),
  };
})();

/* A function of what a jet says, by the chain rule. */
const composed = ([v, s, b], p) => ({
  v, s: ops.times(s, p.s), b: ops.add(ops.times(b, ops.multiply(p.s, p.s)), ops.times(s, p.b)),
});

/* A text as a function, like those of functionOf. Besides, f.cuts has where the text says that f or its slope may jump.
   Throws Mistake. */
function typed(text) {
  const { result: { v, s, b }, switches, operations } = new Reader(text);
  const f = asFunction([v, s, b]);
  f.bend = (z) => {
    at[0] = z;
    f.all.run([at, value, steep, bent], 1);
    return bent[0];
  };
  const [at, value, steep, bent] = [0, 0, 0, 0].map(() => new Float64Array(1));
  f.cuts = cutsOf(switches);
  f.operations = operations;
  return f;
}

/* Where one of these differences changes its sign, or is 0 at one of the places that are looked at. */
function cutsOf(switches) {
  if (!switches.length) return [];
  const apart = new Tape(switches.map(([one, other]) => ops.subtract(one, other)));
  const differences = (z, n) => {
    const found = switches.map(() => new Float64Array(n));
    apart.run([z, ...found], n);
    return found;
  };
  const one = (i, z) => differences(Float64Array.of(z), 1)[i][0];
  const far = [...Array(16).keys()].map((k) => 40 * 1.6 ** (k + 1));
  const near = [...Array(24).keys()].map((k) => 2 ** (-k - 6));
  const places = [...Array(40 * 32 + 1).keys()].map((k) => k / 32).concat(far, near);
  const grid = Float64Array.from(new Set([...places, ...places.map((z) => -z)])).sort();
  const found = new Set();
  const before = switches.map(() => NaN);
  for (let from = 0; from < grid.length; from += BLOCK) {
    const n = Math.min(BLOCK, grid.length - from);
    const signs = differences(grid.slice(from, from + n), n);
    switches.forEach((_, i) => {
      for (let k = 0; k < n; k++) {
        const here = signs[i][k];
        if (here === 0) found.add(grid[from + k] || 0);
        else if (before[i] * here < 0) {
          let [low, high] = [grid[from + k - 1], grid[from + k]];
          for (let middle; (middle = (low + high) / 2) > low && middle < high; ) {
            const value = one(i, middle);
            if (value === 0) low = high = middle;
            else if (value > 0 === here > 0) high = middle;
            else low = middle;
          }
          found.add((Math.abs(one(i, low)) < Math.abs(one(i, high)) ? low : high) || 0); // no −0
        }
        before[i] = here;
      }
    });
    if (found.size > 400) return []; // the quadrature then finds them by itself
  }
  return [...found].sort((p, q) => p - q);
}
/* What the package's theory computes of a function, computed here: moments, the variance map, the edge of chaos, 50
   layers, and where formats end. A typed-in function may have no moment at all: then NaN, never a number. */

const REACH = 38.5; // the normal density is below 1e-321 from here on
const PANELS = 20000; // how many may be looked at
const HALVINGS = 200; // of one panel; what still changes then has no limit that could be told
const EDGES = (() => {
  const right = [...Array(12).keys()].map((k) => 4 ** (k - 12)).concat([0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, REACH]);
  return [...right.map((z) => -z).reverse(), 0, ...right];
})();

/* E g(scale z) for z ~ N(0, 1), by 16 nodes a panel against 16 on each of its halves, halved until both agree. g(z, n)
   returns arrays of n values, and so do the means come. NaN where g is no number, where halving does not settle (1/z),
   or where g grows as fast as the normal density falls (exp(z^2)); Infinity where g is too large for a number. Of
   several g one that fails takes the others along. */
function expectations(g, scale, kinks) {
  if (scale === 0) return g(new Float64Array(1), 1).map(([value]) => value);
  const at = kinks.map((kink) => clip(kink / scale, -REACH, REACH));
  const edges = [...EDGES, ...at].sort((p, q) => p - q);
  const z = new Float64Array(BLOCK);
  const weight = new Float64Array(BLOCK);
  const count = g(z, 1).length;
  let lost = false, huge = false, looked = 0;

  /* The integrals over each panel, and those of |g|: the first panel's, then the second's. */
  const over = (left, right) => {
    const part = new Float64Array(left.length * count);
    const size = new Float64Array(left.length * count);
    const nodes = NODES.length;
    const fit = BLOCK / nodes;
    for (let from = 0; from < left.length; from += fit) {
      const panels = Math.min(fit, left.length - from);
      for (let i = 0; i < panels; i++) {
        const half = (right[from + i] - left[from + i]) / 2;
        const middle = (right[from + i] + left[from + i]) / 2;
        for (let k = 0; k < nodes; k++) {
          const place = middle + half * NODES[k];
          z[i * nodes + k] = scale * place;
          weight[i * nodes + k] = (half * WEIGHTS[k] * Math.exp((-place * place) / 2)) / SQRT_2_PI;
        }
      }
      g(z, panels * nodes).forEach((values, which) => {
        for (let i = 0; i < panels; i++) {
          let sum = 0, sizes = 0;
          for (let k = i * nodes; k < (i + 1) * nodes; k++) {
            const value = weight[k] * values[k];
            sum += value;
            sizes += Math.abs(value);
          }
          // 0 times an infinite one is no number, but too large
          if (!Number.isFinite(sizes)) {
            if (values.subarray(i * nodes, (i + 1) * nodes).some(Number.isNaN)) lost = true;
            else huge = true;
          }
          part[(from + i) * count + which] = sum;
          size[(from + i) * count + which] = sizes;
        }
      });
    }
    looked += left.length;
    return [part, size];
  };

  const wide = edges.slice(1).map((z, i) => [edges[i], z]).filter(([from, to]) => from < to);
  let [left, right] = [wide.map(([from]) => from), wide.map(([, to]) => to)];
  let [whole] = over(left, right);
  const sum = new Float64Array(count);
  const total = new Float64Array(count);
  const failed = (value) => Array(count).fill(value);
  for (let depth = 0; left.length; depth++) {
    const middle = left.map((z, i) => (z + right[i]) / 2);
    const [lower, lowerSize] = over(left, middle);
    const [upper, upperSize] = over(middle, right);
    if (lost) return failed(NaN);
    if (huge) return failed(Infinity);
    const scope = total.slice();
    lowerSize.forEach((size, i) => { scope[i % count] += size + upperSize[i]; });
    const [nextLeft, nextRight, nextWhole] = [[], [], []];
    for (let i = 0; i < left.length; i++) {
      const thin = middle[i] <= left[i] || middle[i] >= right[i];
      let settled = true, rough = false;
      for (let j = i * count, which = 0; which < count; j++, which++) {
        const off = Math.abs(lower[j] + upper[j] - whole[j]);
        if (off > 1e-15 * scope[which] + 1e-300) settled = false;
        if (off > 1e-12 * scope[which]) rough = true;
      }
      if (settled || (thin && !rough)) {
        for (let j = i * count, which = 0; which < count; j++, which++) {
          sum[which] += lower[j] + upper[j];
          total[which] += lowerSize[j] + upperSize[j];
        }
      } else if (thin || depth === HALVINGS) {
        return failed(NaN);
      } else {
        nextLeft.push(left[i], middle[i]);
        nextRight.push(middle[i], right[i]);
        nextWhole.push(...lower.subarray(i * count, (i + 1) * count), ...upper.subarray(i * count, (i + 1) * count));
      }
    }
    if (looked > PANELS) return failed(NaN);
    [left, right, whole] = [nextLeft, nextRight, nextWhole];
  }
  z.set([-REACH * scale, REACH * scale]);
  const density = (REACH * Math.exp((-REACH * REACH) / 2)) / SQRT_2_PI;
  const beyond = g(z, 2).map(([low, high]) => Math.max(Math.abs(low), Math.abs(high)) * density);
  return [...sum].map((value, which) => (beyond[which] > 1e-10 * total[which] ? NaN : value));
}

/* The neighbouring float64 number, up or down. */
function neighbour(z, up) {
  if (z === 0) return up ? Number.MIN_VALUE : -Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([z]).buffer);
  bits[0] += z > 0 === up ? 1n : -1n;
  return new Float64Array(bits.buffer)[0];
}
const beside = (z) => [neighbour(z, false), neighbour(z, true)];

const SCAN = [...Array(97).keys()].map((k) => 10 ** ((k - 48) / 8)); // mean squares, 1 among them
const SAME = 1e-12; // two numbers from quadrature that differ by less, in parts of their size, count as one
const signChanges = (values) => values.slice(1).flatMap((v, i) => (values[i] * v < 0 ? [i] : []));

/* Where h, of opposite signs at low and high, is 0: Ridders' method, which never leaves the bracket. */
function rootOf(h, low, high) {
  let atLow = h(low), atHigh = h(high), last = Infinity;
  for (let turn = 0; turn < 200; turn++) {
    const middle = (low + high) / 2;
    const atMiddle = h(middle);
    const bend = Math.sqrt(atMiddle ** 2 - atLow * atHigh);
    if (bend === 0) return middle;
    const guess = middle + ((middle - low) * Math.sign(atLow - atHigh) * atMiddle) / bend;
    const atGuess = h(guess);
    if (atGuess === 0 || Math.abs(guess - last) <= 2 ** -52 * Math.abs(guess)) return guess;
    if (!(low < middle && middle < high)) return guess;
    last = guess;
    const points = [[low, atLow], [middle, atMiddle], [guess, atGuess], [high, atHigh]].sort((p, q) => p[0] - q[0]);
    const from = points.findIndex(([, v], i) => i < 3 && v < 0 !== points[i + 1][1] < 0);
    if (from < 0) return guess;
    [[low, atLow], [high, atHigh]] = points.slice(from, from + 2);
  }
  return last;
}

const SQUARE = (z, value) => value * value;
const SLOPE_SQUARE = (z, value, steep) => steep * steep;

/* A function with its theory. Mean squares are of a normal signal with mean 0; gains multiply LeCun's weights. */
class Theory {
  constructor(name, settings = {}) {
    const full = { ...entryOf(name).settings, ...settings };
    this.f = functionOf(name, full);
    this.bend = this.f.bend ?? bendOf(name, full);
    this.cuts = kinksOf(name, full);
    this.lines = [0, 1].map(() => new Float64Array(BLOCK));
    this.scanned = [[], []];
    this.breaks = this.cuts.map((z) => this.breakAt(z)).filter(Boolean);
    this.jumps = this.breaks.filter(({ kind }) => kind === "jump");
  }

  /* What happens at a place where f or its slope may jump; null if nothing does. */
  breakAt(z) {
    // a text may have rounded the last bits away
    const step = 2 ** -48 * Math.max(1, Math.abs(z));
    const [[below, slopeBelow], [above, slopeAbove]] = [z - step, z + step].map((one) => this.both(one));
    if (!Number.isFinite(this.f(z)) || !(Math.abs(below) < 1e12 && Math.abs(above) < 1e12)) return { z, kind: "pole" };
    const apart = (p, q) => Math.abs(p - q) > 1e-9 * (1 + Math.abs(p) + Math.abs(q)) || Number.isNaN(p - q);
    if (apart(below, above)) return { z, kind: "jump", below, above };
    return apart(slopeBelow, slopeAbove) ? { z, kind: "kink" } : null;
  }

  both(z) {
    const value = this.f(z);
    return [value, slope];
  }

  fill(z, n) {
    const [value, slopes] = this.lines;
    this.f.fill(z, n, value, slopes);
    return [value, slopes];
  }

  /* E of each of what is made of place, value and slope, for a signal of mean square q. */
  means(made, q) {
    const out = made.map(() => new Float64Array(BLOCK));
    const g = (z, n) => {
      const [value, slopes] = this.fill(z, n);
      made.forEach((one, which) => {
        const line = out[which];
        for (let k = 0; k < n; k++) line[k] = one(z[k], value[k], slopes[k]);
      });
      return out;
    };
    return expectations(g, Math.sqrt(q), this.cuts);
  }

  second(q) {
    return this.means([SQUARE], q)[0];
  }

  slopeSecond(q) {
    return this.means([SLOPE_SQUARE], q)[0];
  }

  /* E f^2 and E f'^2: both at once, unless one of them is not to be had. */
  squares(q) {
    const found = this.means([SQUARE, SLOPE_SQUARE], q);
    return found.every(Number.isFinite) ? found : [this.second(q), this.slopeSecond(q)];
  }

  /* E f, E f^2, E f'^2 of a signal of mean square 1, and the gains they give. */
  get moments() {
    if (this.known) return this.known;
    const [mean] = this.means([(z, value) => value], 1);
    const [second, slopeSecond] = this.squares(1);
    const overRoot = (square) => (Number.isFinite(square) ? 1 / Math.sqrt(square) : NaN);
    const [gain, backwardGain] = [overRoot(second), overRoot(slopeSecond)];
    return (this.known = { mean, second, slopeSecond, gain, backwardGain, chi: slopeSecond / second });
  }

  /* d/dq of E f(sqrt(q) z)^2. */
  secondSlope(q) {
    if (q === 0) return this.secondSlopeAtZero();
    let sum = this.means([(x, value, steep) => value * steep * x], q)[0] / q;
    for (const { z, below, above } of this.jumps) {
      // the mass beyond the jump moves with q, and takes the difference of the squares with it
      sum += ((above ** 2 - below ** 2) * Math.exp((-z * z) / (2 * q)) * z) / (2 * q ** 1.5) / SQRT_2_PI;
    }
    return sum;
  }

  secondSlopeAtZero() {
    const sides = beside(0).map((z) => [...this.both(z), this.bend(z)]);
    const [below, above] = sides.map(([value, steep]) => value * steep);
    if (Math.abs(above - below) > 1e-12) return Math.sign(above - below) * Infinity;
    return sides.reduce((sum, [value, steep, bent]) => sum + (steep ** 2 + value * bent) / 2, 0);
  }

  /* E f^2 and E f'^2 at the mean squares of the scan. */
  get scan() {
    for (let i = this.scanned[0].length; i < SCAN.length; i++) this.scanNext();
    return this.scanned;
  }

  /* One mean square more; whether there are further ones. */
  scanNext() {
    const q = SCAN[this.scanned[0].length];
    if (q !== undefined) this.squares(q).forEach((found, i) => this.scanned[i].push(found));
    return this.scanned[0].length < SCAN.length;
  }

  get passesThroughZero() {
    return [...beside(0), 0].every((z) => Math.abs(this.f(z)) <= 1e-300);
  }

  /* Where V(q) = q, in ascending order, each with the slope of V there and whether it attracts; as the package's. */
  fixedPoints(gain) {
    const squared = gain ** 2;
    const growth = this.scan[0].map((second, i) => {
      const grows = Math.log((squared * second) / SCAN[i]);
      return Math.abs(grows) <= SAME ? 0 : grows;
    });
    let spans = [];
    growth.forEach((grows, i) => {
      if (grows !== 0) return;
      if (growth[i - 1] === 0) spans.at(-1)[1] = SCAN[i];
      else spans.push([SCAN[i], SCAN[i]]);
    });
    for (const i of signChanges(growth)) {
      const q = rootOf((at) => (squared * this.second(at)) / at - 1, SCAN[i], SCAN[i + 1]);
      spans.push([q, q]);
    }
    spans.sort((p, q) => p[0] - q[0]);
    if (this.passesThroughZero) {
      if (growth[0] === 0) spans = [[0, spans[0][1]], ...spans.slice(1)];
      else spans.unshift([0, 0]);
    }
    if (growth.at(-1) === 0) spans.at(-1)[1] = Infinity;
    return spans.map(([low, high]) => {
      const q = Math.min(Math.max(1, low), high);
      const steep = squared * this.secondSlope(q);
      const stability = Math.abs(steep - 1) <= 1e-9 ? "neutral" : steep < 1 ? "stable" : "unstable";
      return { q, slope: steep, stability, span: [low, high] };
    });
  }

  /* The fixed point that a signal of mean square 1 runs to; null where it grows without end or does not settle. */
  fixedPoint(gain) {
    const points = this.fixedPoints(gain);
    const here = points.find(({ span: [low, high] }) => low <= 1 && 1 <= high);
    if (here) return here;
    const [second] = this.scan;
    if (second.every((v, i) => i === 0 || v - second[i - 1] >= -SAME * v)) {
      const up = gain ** 2 * this.second(1) > 1;
      const ahead = points.filter(({ q }) => q > 1 === up);
      return (up ? ahead[0] : ahead.at(-1)) ?? null;
    }
    let q = 1;
    for (let layer = 0; layer < 1000 && Number.isFinite(q); layer++) {
      q = gain ** 2 * this.second(q);
      const near = points.find((point) => {
        const close = Math.abs(q - point.q) <= Math.max(1e-9 * Math.max(q, point.q), 1e-12);
        return Number.isFinite(q) && close && point.stability !== "unstable";
      });
      if (near) return near;
    }
    return null;
  }

  /* The gain and mean square at which a signal rests and a gradient keeps its size; as the package's edge_of_chaos. */
  edgeOfChaos() {
    const asked = SCAN.map((q, i) => [q, this.scan[0][i], this.scan[1][i]])
      .filter(([q, second, steep]) => q >= 0.99e-4 && q <= 1.01e4 && second > 0 && steep > 0);
    if (!asked.length) return null;
    const excess = asked.map(([q, second, steep]) => {
      const value = Math.log((q * steep) / second);
      return Math.abs(value) <= SAME ? 0 : value;
    });
    if (excess.every((v) => v === 0)) return { gain: this.moments.gain, q: null, kind: "every q" };
    for (const i of signChanges(excess)) {
      const h = (q) => (q * this.slopeSecond(q)) / this.second(q) - 1;
      const q = rootOf(h, asked[i][0], asked[i + 1][0]);
      return { gain: Math.sqrt(q / this.second(q)), q, kind: "point" };
    }
    const atZero = this.secondSlopeAtZero();
    if (!this.passesThroughZero || !(atZero > 0)) return null;
    const growth = asked.map(([q, second]) => Math.log(second / q / atZero)).find((v) => Math.abs(v) > SAME);
    return growth < 0 ? { gain: 1 / Math.sqrt(atZero), q: 0, kind: "limit q -> 0" } : null;
  }

  /* Mean squares at a gain: of the pre-activations of `depth` layers above one of 1, and of a gradient that has come
     back from the last of them, where its own is 1; both lists begin with the first layer. */
  layers(gain, depth) {
    const forward = [1];
    const factors = [];
    for (let layer = 0; layer < depth; layer++) {
      const [second, slopeSecond] = this.squares(forward[layer]);
      factors.push(gain ** 2 * slopeSecond);
      forward.push(gain ** 2 * second);
    }
    const backward = [1];
    for (let layer = depth - 1; layer >= 0; layer--) backward.unshift(backward[0] * factors[layer]);
    return { forward, backward };
  }
}

/* Formats by the digits of their fractions, with the one before the point, and the least and largest power of two. */
const FORMATS = {
  float16: { digits: 11, least: -14, most: 15 },
  bfloat16: { digits: 8, least: -126, most: 127 },
  float32: { digits: 24, least: -126, most: 127 },
};

/* The number of a format that is nearest to x, even where two are; infinite where it has none so large. */
function roundedTo({ digits, least, most }, x) {
  if (!Number.isFinite(x) || x === 0) return x;
  const power = Math.max(Math.floor(Math.log2(Math.abs(x))), least);
  const unit = 2 ** (power - digits + 1);
  const parts = Math.abs(x) / unit;
  const near = 2 ** 52 + parts - 2 ** 52; // adding so much rounds to whole numbers, half to even
  const value = Math.sign(x) * near * unit;
  return Math.abs(value) > largestOf({ digits, most }) ? Math.sign(x) * Infinity : value;
}
const largestOf = ({ digits, most }) => (2 - 2 ** (1 - digits)) * 2 ** most;

/* The numbers of a format from 0 up, by their place in that order. */
function numberAt({ digits, least }, index) {
  const steps = 2 ** (digits - 1);
  const power = Math.floor(index / steps);
  const part = (index % steps) / steps;
  return power === 0 ? part * 2 ** least : (1 + part) * 2 ** (power - 1 + least);
}

/* Where a format holds no more of f: the numbers nearest to 0 from which on, down and up, the slope rounds to 0 and the
   value to one number, what f tends to or infinity; null where that never happens. f itself is computed in float64. */
function limitsOf(theory, format) {
  const last = (format.most - format.least + 2) * 2 ** (format.digits - 1) - 1;
  const step = Math.max(Math.floor(last / 2 ** 15), 1);
  const found = { slope: [], value: [] };
  for (const side of [-1, 1]) {
    const rounded = (index) => theory.both(side * numberAt(format, index)).map((x) => roundedTo(format, x));
    const [end] = rounded(last);
    const holds = { slope: ([, steep]) => steep === 0, value: ([value]) => value === end };
    const failed = { slope: -1, value: -1 };
    for (let index = last; index >= 0 && (failed.slope < 0 || failed.value < 0); index -= step) {
      const seen = rounded(index);
      for (const key of ["slope", "value"]) if (failed[key] < 0 && !holds[key](seen)) failed[key] = index;
    }
    for (const key of ["slope", "value"]) {
      let low = failed[key];
      if (low >= 0 && numberAt(format, low) > largestOf(format) / 2) {
        found[key].push(null);
        continue;
      }
      let high = low < 0 ? 0 : Math.min(low + step, last);
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (holds[key](rounded(middle))) high = middle;
        else low = middle;
      }
      found[key].push(side * numberAt(format, high) || 0);
    }
  }
  return found;
}
/* What works for a network: in JS, or compiled from engine.c where a browser has WebAssembly with SIMD and the page's
   policy allows it. An engine makes the arrays that it works on. A layer's are laid out unit by unit: the values of a
   unit for all points lie side by side. */

/* z[i, :] = bias + sum over j of w[i, j] x[j, :], four j at a time: each pass over z costs memory. */
function affine(z, to, w, at, bias, x, into, n) {
  let j = 0;
  if (into % 4 === 0) {
    for (let k = 0; k < n; k++) z[to + k] = bias;
  } else {
    const w0 = w[at];
    for (let k = 0; k < n; k++) z[to + k] = bias + w0 * x[k];
    for (j = 1; j < into % 4; j++) {
      const wj = w[at + j];
      for (let k = 0; k < n; k++) z[to + k] += wj * x[j * n + k];
    }
  }
  for (; j < into; j += 4) {
    const [a, b, c, d] = [w[at + j], w[at + j + 1], w[at + j + 2], w[at + j + 3]];
    const p = j * n, q = p + n, r = q + n, s = r + n;
    for (let k = 0; k < n; k++) z[to + k] += a * x[p + k] + b * x[q + k] + (c * x[r + k] + d * x[s + k]);
  }
}

/* g[to + j] = sum over k of delta[p + k] x[j, k], four j at a time: one sum alone waits for itself. */
function products(g, to, delta, p, x, into, n) {
  let j = 0;
  for (; j + 3 < into; j += 4) {
    const q = j * n, r = q + n, s = r + n, t = s + n;
    let a = 0, b = 0, c = 0, d = 0;
    for (let k = 0; k < n; k++) {
      const one = delta[p + k];
      a += one * x[q + k];
      b += one * x[r + k];
      c += one * x[s + k];
      d += one * x[t + k];
    }
    g[to + j] = a;
    g[to + j + 1] = b;
    g[to + j + 2] = c;
    g[to + j + 3] = d;
  }
  for (; j < into; j++) {
    const q = j * n;
    let even = 0, odd = 0, k = 0;
    for (; k + 1 < n; k += 2) {
      even += delta[p + k] * x[q + k];
      odd += delta[p + k + 1] * x[q + k + 1];
    }
    if (k < n) even += delta[p + k] * x[q + k];
    g[to + j] = even + odd;
  }
}

/* delta below: slope times the sum over i of w[i, j] delta[i, :], four i at a time, as in affine. */
function back(below, delta, w, weight, slopes, into, units, n) {
  for (let j = 0; j < into; j++) {
    const to = j * n, at = weight + j;
    let i = units % 4;
    if (i) {
      const first = w[at];
      for (let k = 0; k < n; k++) below[to + k] = first * delta[k];
      for (let more = 1; more < i; more++) {
        const a = w[at + more * into], p = more * n;
        for (let k = 0; k < n; k++) below[to + k] += a * delta[p + k];
      }
    } else {
      for (let k = 0; k < n; k++) below[to + k] = 0;
    }
    for (; i < units; i += 4) {
      const a = w[at + i * into], b = w[at + (i + 1) * into], c = w[at + (i + 2) * into], d = w[at + (i + 3) * into];
      const p = i * n, q = p + n, r = q + n, s = r + n;
      for (let k = 0; k < n; k++) {
        below[to + k] += a * delta[p + k] + b * delta[q + k] + (c * delta[r + k] + d * delta[s + k]);
      }
    }
    for (let k = 0; k < n; k++) below[to + k] *= slopes[to + k];
  }
}

/* One for each network, with arrays of its own. */
class Plain {
  /* Float64Arrays of these lengths. */
  arrays(lengths) {
    return lengths.map((length) => new Float64Array(length));
  }

  /* A tape over n numbers of its inputs, into its outputs. */
  run(tape, streams, n) {
    tape.run(streams, n);
  }

  affine(z, w, weight, bias, x, into, units, n) {
    for (let i = 0; i < units; i++) affine(z, i * n, w, weight + i * into, w[bias + i], x, into, n);
  }

  gradients(g, weight, bias, delta, x, into, units, n) {
    for (let i = 0; i < units; i++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += delta[i * n + k];
      g[bias + i] = sum;
      products(g, weight + i * into, delta, i * n, x, into, n);
    }
  }

  back(below, delta, w, weight, slopes, into, units, n) {
    back(below, delta, w, weight, slopes, into, units, n);
  }
}

const TAPE_ROOM = 524288; // bytes for the two tapes of a function, or for that of the loss: of the longest texts each
// takes some 150,000

/* One for all networks: its memory is that of the network that it works for. */
class Compiled {
  constructor(exports) {
    const { memory, __heap_base: base, table } = exports;
    Object.assign(this, { exports, memory, base: base.value, owner: null });
    const coefficients = [...EXP, ...ERFCX, ERFCX_MIDDLE];
    new Float64Array(memory.buffer, table(), coefficients.length).set(coefficients);
  }

  /* Each a little longer, for the operations that take numbers four by four; and room for the tapes of so many
     functions. */
  arrays(lengths, functions) {
    let top = Math.ceil(this.base / 16) * 16;
    const places = lengths.map((length) => {
      const place = top;
      top += 16 * Math.ceil((length + 3) / 2);
      return place;
    });
    const missing = top + TAPE_ROOM * (functions + 1) - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    this.top = top;
    this.tapes = new Map();
    return places.map((place, i) => new Float64Array(this.memory.buffer, place, lengths[i]));
  }

  /* A tape's constants, lines and operations in memory. */
  placed(tape) {
    const known = this.tapes.get(tape);
    if (known) return known;
    const { buffer } = this.memory;
    const { code, count, constants, streams } = tape;
    const lines = this.top;
    for (const { line, value } of constants) new Float64Array(buffer, lines + 8 * BLOCK * line, BLOCK).fill(value);
    const table = new Int32Array(buffer, lines + 8 * BLOCK * count, count);
    for (let i = streams; i < count; i++) table[i] = lines + 8 * BLOCK * i;
    const list = new Int32Array(buffer, table.byteOffset + 4 * count, code.length);
    list.set(code);
    this.top = Math.ceil((list.byteOffset + 4 * code.length) / 16) * 16;
    const made = { table, list: list.byteOffset, steps: code.length / 5 };
    this.tapes.set(tape, made);
    return made;
  }

  run(tape, streams, n) {
    const { table, list, steps } = this.placed(tape);
    for (let i = 0; i < streams.length; i++) table[i] = streams[i].byteOffset;
    this.exports.run(list, steps, table.byteOffset, streams.length, n);
  }

  affine(z, w, weight, bias, x, into, units, n) {
    const at = w.byteOffset;
    this.exports.mix(z.byteOffset, x.byteOffset, at + 8 * weight, into, 1, at + 8 * bias, 0, units, into, n);
  }

  gradients(g, weight, bias, delta, x, into, units, n) {
    const at = g.byteOffset;
    this.exports.gradients(at + 8 * weight, at + 8 * bias, delta.byteOffset, x.byteOffset, into, units, n);
  }

  back(below, delta, w, weight, slopes, into, units, n) {
    const at = w.byteOffset + 8 * weight;
    this.exports.mix(below.byteOffset, delta.byteOffset, at, 1, into, 0, slopes.byteOffset, into, units, n);
  }
}

let compiled = null;

/* Resolves to whether there is compiled code; until then, and without it, JS does the work. */
const ready = (async () => {
  try {
    const names = Object.keys(OPERATIONS);
    const [out, x, y] = [[0], [0], [0]];
    const one = (op, first, second) => {
      [x[0], y[0]] = [first, second];
      OPERATIONS[names[op]](x, y, y, out, 1);
      return out[0];
    };
    const bytes = Uint8Array.from(atob(MODULE), (sign) => sign.charCodeAt(0));
    const { instance } = await WebAssembly.instantiate(bytes, { lab: { one } });
    compiled = new Compiled(instance.exports);
  } catch {
    compiled = null;
  }
  return compiled !== null;
})();
/* Networks of two inputs and one logit, their starts, and their training. All numbers are float64. What costs time is
   done by an engine: see engine.js. */

/* Numbers from a seed: xoshiro128** (Blackman and Vigna, 2018), filled by a mixing function of the seed. */
class Random {
  constructor(seed, stream = 0) {
    let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul((stream | 0) + 1, 0x85ebca77)) | 0;
    const mixed = () => {
      state = (state + 0x6d2b79f5) | 0;
      let x = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
      return x ^ (x >>> 15);
    };
    this.s = Int32Array.from([mixed(), mixed(), mixed(), mixed() | 1]);
    this.spare = null;
  }

  bits() {
    const s = this.s;
    const x = Math.imul(s[1], 5);
    const out = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return out;
  }

  /* Between 0 and 1, neither reached: 52 bits and a half. */
  uniform() {
    return ((this.bits() >>> 6) * 67108864 + (this.bits() >>> 6) + 0.5) / 4503599627370496;
  }

  /* By the polar method: two at a time. */
  normal() {
    if (this.spare !== null) {
      const kept = this.spare;
      this.spare = null;
      return kept;
    }
    let x, y, r;
    do {
      x = 2 * this.uniform() - 1;
      y = 2 * this.uniform() - 1;
      r = x * x + y * y;
    } while (r >= 1);
    const scale = Math.sqrt((-2 * Math.log(r)) / r);
    this.spare = y * scale;
    return x * scale;
  }

  /* The numbers from 0 to n - 1 in a random order. */
  order(n) {
    const out = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
}

/* Rows or columns of length 1 at right angles: normal numbers, made so one by one, and twice against rounding. */
function orthogonal(rows, columns, random) {
  const across = rows < columns;
  const [count, length] = across ? [rows, columns] : [columns, rows];
  const vectors = Array.from({ length: count }, () => Float64Array.from({ length }, () => random.normal()));
  vectors.forEach((vector, i) => {
    for (let twice = 0; twice < 2; twice++) {
      for (let j = 0; j < i; j++) {
        const along = vector.reduce((sum, x, k) => sum + x * vectors[j][k], 0);
        for (let k = 0; k < length; k++) vector[k] -= along * vectors[j][k];
      }
    }
    const size = Math.hypot(...vector);
    for (let k = 0; k < length; k++) vector[k] /= size;
  });
  return (i, j) => (across ? vectors[i][j] : vectors[j][i]);
}

/* What a start does to the weights of a layer with so many inputs and outputs; as networks.initialize. */
const STARTS = {
  torch: (into, out, random) => () => (2 * random.uniform() - 1) / Math.sqrt(into),
  lecun: (into, out, random) => () => random.normal() * Math.sqrt(1 / into),
  glorot: (into, out, random) => () => random.normal() * Math.sqrt(2 / (into + out)),
  he: (into, out, random) => () => random.normal() * Math.sqrt(2 / into),
  computed: (into, out, random) => () => random.normal() * Math.sqrt(1 / into), // times the function's gain
  orthogonal: (into, out, random) => orthogonal(out, into, random),
};

class Network {
  /* sizes: inputs, units of each hidden layer, outputs. activation: f as functionOf makes it, or a list, one for each
     hidden layer. */
  constructor(sizes, activation) {
    this.sizes = sizes;
    this.activations = Array.isArray(activation) ? activation : Array(sizes.length - 2).fill(activation);
    let at = 0;
    this.layers = sizes.slice(1).map((out, i) => {
      const into = sizes[i];
      const layer = { into, out, weight: at, bias: at + into * out };
      at += into * out + out;
      return layer;
    });
    this.parameters = new Float64Array(at);
    this.room = 0;
    this.plain = new Plain();
    this.engine = null;
  }

  /* Draws all weights, times the gain, a number or one for each layer; the start of torch draws biases too, those of
     the others are 0. */
  initialize(start, gain, random) {
    for (const [l, { into, out, weight, bias }] of this.layers.entries()) {
      const draw = STARTS[start](into, out, random);
      const scale = Array.isArray(gain) ? gain[l] : gain;
      for (let i = 0; i < out; i++) {
        for (let j = 0; j < into; j++) this.parameters[weight + i * into + j] = scale * draw(i, j);
      }
      for (let i = 0; i < out; i++) {
        this.parameters[bias + i] = start === "torch" ? (2 * random.uniform() - 1) / Math.sqrt(into) : 0;
      }
    }
  }

  /* Room for so many points, with the best engine that there is by now; one that is shared may have been another's. */
  reserve(n) {
    const engine = compiled ?? this.plain;
    if (n <= this.room && engine === this.engine && engine.owner === this) return;
    this.engine = engine;
    engine.owner = this;
    this.room = Math.max(n, this.room);
    const sizes = this.sizes.map((size) => size * this.room);
    const hidden = sizes.slice(1);
    const parts = { w: [this.parameters.length], g: [this.parameters.length], a: sizes, z: hidden, slopes: hidden,
      delta: hidden, labels: [this.room], losses: [this.room] };
    const arrays = engine.arrays(Object.values(parts).flat(), new Set(this.activations).size);
    const next = (part) => parts[part].map(() => arrays.shift());
    [this.w] = next("w");
    [this.gradient] = next("g");
    this.a = next("a");
    for (const part of ["z", "slopes", "delta"]) this[part] = [null, ...next(part)];
    [this.labels] = next("labels");
    [this.losses] = next("losses");
  }

  /* The logits of n points: x holds the first coordinates, then the second ones. What is computed, here and below,
     lasts until the next call, of any network. */
  forward(x, n, slopes = false) {
    this.reserve(n);
    const { engine, activations, w } = this;
    w.set(this.parameters);
    this.a[0].set(x.length > this.sizes[0] * n ? x.subarray(0, this.sizes[0] * n) : x);
    this.layers.forEach(({ into, out, weight, bias }, i) => {
      const z = this.z[i + 1];
      engine.affine(z, w, weight, bias, this.a[i], into, out, n);
      if (i + 1 === this.layers.length) return;
      if (slopes) engine.run(activations[i].both, [z, this.a[i + 1], this.slopes[i + 1]], out * n);
      else engine.run(activations[i].values, [z, this.a[i + 1]], out * n);
    });
    return this.z.at(-1);
  }

  /* The mean loss of the logits of the last call, and its slope by each of them in delta. y: labels, 0 or 1. */
  loss(y, n, loss) {
    const [out, delta] = [this.z.at(-1), this.delta.at(-1)];
    this.labels.set(y.length > n ? y.subarray(0, n) : y);
    this.engine.run(lossTape(loss), [out, this.labels, this.losses, delta], n);
    let sum = 0;
    for (let k = 0; k < n; k++) {
      sum += this.losses[k];
      delta[k] /= n;
    }
    return sum / n;
  }

  /* Loss of these points, and its gradient in this.gradient. */
  backward(x, y, n, loss) {
    this.forward(x, n, true);
    const value = this.loss(y, n, loss);
    const { engine, w } = this;
    for (let l = this.layers.length; l > 0; l--) {
      const { into, out, weight, bias } = this.layers[l - 1];
      engine.gradients(this.gradient, weight, bias, this.delta[l], this.a[l - 1], into, out, n);
      if (l > 1) engine.back(this.delta[l - 1], this.delta[l], w, weight, this.slopes[l - 1], into, out, n);
    }
    return value;
  }
}

const LOSS_TAPES = {};
const lossTape = (name) => (LOSS_TAPES[name] ??= new Tape(LOSSES[name](Z, Y), [Z, Y]));

/* One update of the parameters from the gradient; as torch.optim's SGD and Adam. */
const OPTIMISERS = {
  sgd: () => (p, g, rate) => {
    for (let i = 0; i < p.length; i++) p[i] -= rate * g[i];
  },
  momentum: (length) => {
    const kept = new Float64Array(length);
    return (p, g, rate) => {
      for (let i = 0; i < length; i++) {
        kept[i] = 0.9 * kept[i] + g[i];
        p[i] -= rate * kept[i];
      }
    };
  },
  adam: (length) => {
    const mean = new Float64Array(length);
    const square = new Float64Array(length);
    let first = 1, second = 1;
    return (p, g, rate) => {
      first *= 0.9;
      second *= 0.999;
      const size = rate / (1 - first);
      const root = Math.sqrt(1 - second);
      for (let i = 0; i < length; i++) {
        mean[i] += 0.1 * (g[i] - mean[i]);
        square[i] = 0.999 * square[i] + 0.001 * g[i] * g[i];
        p[i] -= (size * mean[i]) / (Math.sqrt(square[i]) / root + 1e-8);
      }
    };
  },
};

/* A network on its way: points, optimiser, and how many updates it has had. */
class Trainer {
  /* data: {x, y, n} with x all first coordinates, then all second. batch 0: all points at once. */
  constructor(network, data, { optimiser = "adam", rate = 0.01, batch = 0, loss = "bce", seed = 0 } = {}) {
    Object.assign(this, { network, data, rate, loss, steps: 0, latest: NaN });
    this.batch = batch > 0 && batch < data.n ? batch : 0;
    this.update = OPTIMISERS[optimiser](network.parameters.length);
    this.random = new Random(seed, 3);
    this.order = null;
    this.at = 0;
    this.x = new Float64Array(2 * this.batch);
    this.y = new Float64Array(this.batch);
  }

  /* One update; returns the loss of its points before it. */
  step() {
    let { x, y, n } = this.data;
    if (this.batch) [x, y, n] = this.drawn();
    this.latest = this.network.backward(x, y, n, this.loss);
    this.update(this.network.parameters, this.network.gradient, this.rate);
    this.steps++;
    return this.latest;
  }

  /* The next few points: each pass over them takes them in a new order, and its last batch may be smaller. */
  drawn() {
    const { x, y, n } = this.data;
    if (!this.order || this.at >= n) {
      this.order = this.random.order(n);
      this.at = 0;
    }
    const size = Math.min(this.batch, n - this.at);
    for (let k = 0; k < size; k++) {
      const from = this.order[this.at + k];
      this.x[k] = x[from];
      this.x[size + k] = x[n + from];
      this.y[k] = y[from];
    }
    this.at += size;
    return [this.x, this.y, size];
  }
}

/* Mean loss and share of right answers of a network on points. */
function judged(network, { x, y, n }, loss = "bce") {
  const out = network.forward(x, n);
  let right = 0;
  for (let k = 0; k < n; k++) right += (out[k] > 0 ? 1 : 0) === y[k];
  return { loss: network.loss(y, n, loss), right: right / n };
}

const FLAT = 0.01; // as diagnostics.FLAT: a slope below it takes two powers of ten from a gradient
const BINS = 24;

/* How many of the first n numbers fall into each of equal bins from the least to the largest, infinite ones aside. */
function histogram(values, n) {
  let low = Infinity, high = -Infinity, sum = 0, squares = 0, count = 0;
  for (let k = 0; k < n; k++) {
    const v = values[k];
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
    sum += v;
    squares += v * v;
    count++;
  }
  const bins = new Uint32Array(BINS);
  const scale = high > low ? BINS / (high - low) : 0;
  for (let k = 0; k < n; k++) {
    if (Number.isFinite(values[k])) bins[Math.min(BINS - 1, Math.floor((values[k] - low) * scale))]++;
  }
  const mean = sum / count;
  let off = 0;
  for (let k = 0; k < n; k++) if (Number.isFinite(values[k])) off += (values[k] - mean) ** 2;
  return { low, high, mean, sd: Math.sqrt(off / count), rms: Math.sqrt(squares / count), bins, count };
}

/* Each hidden layer on these points: pre-activations, outputs, delta, and the dead and flat share of the slopes. */
function layerStatistics(network, { x, y, n }, loss = "bce") {
  network.backward(x, y, n, loss);
  return network.layers.slice(0, -1).map(({ out }, i) => {
    const l = i + 1;
    const slopes = network.slopes[l];
    let flat = 0, dead = 0;
    for (let unit = 0; unit < out; unit++) {
      let alive = false;
      for (let k = unit * n; k < (unit + 1) * n; k++) {
        if (slopes[k] !== 0) alive = true;
        if (Math.abs(slopes[k]) < FLAT) flat++;
      }
      if (!alive) dead++;
    }
    const [z, a] = [network.z[l], network.a[l]].map((values) => histogram(values, out * n));
    const delta = histogram(network.delta[l], out * n).rms;
    return { z, a, delta, dead: dead / out, flat: flat / (out * n) };
  });
}

/* The logits of a network on a grid of size x size points, row by row from the top; a few rows at a time. */
function surface(network, size, reach) {
  const rows = Math.max(1, Math.floor(500 / size));
  const out = new Float64Array(size * size);
  for (let top = 0; top < size; top += rows) {
    const n = Math.min(rows, size - top) * size;
    const x = new Float64Array(2 * n);
    for (let k = 0; k < n; k++) {
      x[k] = reach * ((2 * (k % size) + 1) / size - 1);
      x[n + k] = reach * (1 - (2 * (top + Math.floor(k / size)) + 1) / size);
    }
    out.set(network.forward(x, n).subarray(0, n), top * size);
  }
  return out;
}
/* The tasks, and what twenty runs say. */

const POINTS = 200; // to learn from
const FRESH = 500; // to be judged by

/* A task: x has all first coordinates, then all second ones; reach is how far its picture goes. */
const TASKS = {
  disk: {
    title: "Disk",
    reach: 2.2,
    draw: (random) => {
      const scale = 1 / Math.sqrt(2 * Math.LN2); // each label has probability 1/2
      const [x, y] = [random.normal() * scale, random.normal() * scale];
      return [x, y, x * x + y * y < 1 ? 1 : 0];
    },
  },
  xor: { title: "XOR", reach: 1.5, corners: [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]] },
  spirals: {
    title: "Spirals",
    reach: 1.2,
    draw: (random) => {
      const label = random.uniform() < 0.5 ? 0 : 1;
      const radius = 0.1 + 0.9 * random.uniform();
      const angle = 2 * Math.PI * (radius + label / 2);
      const noise = () => 0.03 * random.normal();
      return [radius * Math.cos(angle) + noise(), radius * Math.sin(angle) + noise(), label];
    },
  },
  square: {
    title: "Square",
    reach: 1.1,
    draw: (random) => {
      const [x, y] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
      return [x, y, Math.max(Math.abs(x), Math.abs(y)) < Math.SQRT1_2 ? 1 : 0]; // half of the area
    },
  },
  own: { title: "your own points", reach: 1.1 },
};

function packedPoints(points) {
  const n = points.length;
  const x = new Float64Array(2 * n);
  const y = new Float64Array(n);
  points.forEach(([first, second, label], k) => {
    x[k] = first;
    x[n + k] = second;
    y[k] = label;
  });
  return { x, y, n };
}

/* Points to learn from and fresh ones, by a seed. XOR has four corners and no others; of the reader's own points, whose
   text is given, none are fresh. */
function drawTask(task, seed, own = "") {
  const { draw, corners } = TASKS[task];
  if (task === "own") return { train: packedPoints(coordinates(pointsIn(own))), test: null };
  if (corners) return { train: packedPoints(corners), test: packedPoints(corners) };
  const random = new Random(seed, 1);
  const drawn = (n) => packedPoints(Array.from({ length: n }, () => draw(random)));
  return { train: drawn(POINTS), test: drawn(FRESH) };
}

const quantile = (sorted, share) => {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
};

/* The share of Student's distribution up to |t| = sqrt(freedom) tan(u): integrals of cos(u)^(freedom - 1) by parts. */
function inside(u, freedom) {
  const odd = freedom % 2;
  let total = 0, term = odd ? Math.cos(u) : 1;
  for (let k = 2 + odd; k <= freedom; k += 2) {
    total += term;
    term *= ((k - 1) / k) * Math.cos(u) ** 2;
  }
  return odd ? (2 / Math.PI) * (u + Math.sin(u) * total) : Math.sin(u) * total;
}

function studentFactor(freedom, level) {
  let low = 0, high = Math.PI / 2;
  for (let half = 0; half < 60; half++) {
    const middle = (low + high) / 2;
    if (inside(middle, freedom) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}

/* The mean, and half the width of its interval; as statistics.student. */
function student(values, level = 0.95) {
  const n = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  if (n < 2) return [mean, NaN];
  const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1));
  return [mean, (studentFactor(n - 1, level) * sd) / Math.sqrt(n)];
}

/* Pair by pair: how many pairs of finite numbers, the mean of a - b with its interval, and in how many of them a is
   smaller or larger. */
function paired(a, b) {
  const kept = a.map((v, i) => [v, b[i]]).filter(([v, w]) => Number.isFinite(v) && Number.isFinite(w));
  const [mean, half] = kept.length ? student(kept.map(([v, w]) => v - w)) : [NaN, NaN];
  return {
    pairs: kept.length,
    left: a.length - kept.length,
    mean,
    half,
    low: mean - half,
    high: mean + half,
    smaller: kept.filter(([v, w]) => v < w).length,
    larger: kept.filter(([v, w]) => v > w).length,
  };
}
/* What the controls choose, and how it stands in the address. */

const OPTIMISER_TITLES = { sgd: "SGD", momentum: "SGD, momentum 0.9", adam: "Adam" };
const START_TITLES = {
  torch: "torch's default",
  lecun: "LeCun",
  glorot: "Glorot",
  he: "He",
  computed: "computed gain",
  orthogonal: "orthogonal",
};
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
const BATCHES = [0, 4, 16, 64]; // 0: all points
const UPDATES = [100, 300, 1000, 3000]; // of each of the twenty starts

const DEFAULTS = {
  data: "disk",
  points: "", // the reader's own, as pointsIn reads them
  f: "relu",
  layers: {}, // by its number, the function of a hidden layer that has one of its own
  set: {}, // settings of the function that are not the catalog's
  depth: 2,
  width: 8,
  start: "torch",
  gain: 1,
  optimiser: "adam",
  rate: 0.01,
  batch: 0,
  seed: 1,
};

const within = (low, high, whole) => (value) => {
  const number = value === "" ? NaN : Number(value);
  if (!Number.isFinite(number)) return undefined;
  const inside = Math.min(high, Math.max(low, number));
  return whole ? Math.round(inside) : inside;
};
const oneOf = (table) => (value) => (Object.hasOwn(table, value) ? value : undefined);
const among = (list) => (value) => list.find((one) => value !== "" && one === Number(value));

/* From a word of the address to a value; undefined for what is none. */
const READ = {
  data: oneOf(TASKS),
  points: (text) => (pointsIn(text) ? text : undefined),
  f: oneOf({ ...FUNCTIONS, own: null }),
  depth: within(1, 10, true),
  width: within(1, 32, true),
  start: oneOf(STARTS),
  gain: within(0.1, 5, false),
  optimiser: oneOf(OPTIMISER_TITLES),
  rate: among(RATES),
  batch: among(BATCHES),
  seed: within(1, 9999, true),
};

/* The sliders of a function: [key, place in a list or null, words, default, low, high] for each number it takes. */
function knobsOf(f) {
  return Object.entries(entryOf(f).settings).flatMap(([key, value]) => {
    const [low, high] = entryOf(f).ends[key];
    const words = key.replaceAll("_", " ");
    if (!Array.isArray(value)) return [[key, null, words, value, low, high]];
    return value.map((one, i) => [key, i, `${words} ${i + 1}`, one, low, high]);
  });
}

/* Settings as the function takes them: the defaults, and what the reader moved. */
function settingsOf({ f, set, own }) {
  if (f === "own") return { text: own };
  const full = structuredClone(CATALOG[f].settings);
  for (const [key, place, words, , low, high] of knobsOf(f)) {
    if (!Object.hasOwn(set, words)) continue;
    let value = Math.min(high, Math.max(low, set[words]));
    if (f === "snake" && value === 0) value = low;
    if (place === null) full[key] = value;
    else full[key][place] = value;
  }
  if (f === "rrelu" && full.lower > full.upper) [full.lower, full.upper] = [full.upper, full.lower];
  return full;
}

/* Of an address, the settings of a function that are not the catalog's. */
function readSet(query, f, prefix) {
  const found = {};
  for (const [, , words, , low, high] of knobsOf(f)) {
    const value = within(low, high, false)(query.get(`${prefix}set.${words}`) ?? "");
    if (value !== undefined) found[words] = value;
  }
  return found;
}

/* Of an address, the functions of layers of their own. */
function readLayers(query, depth, prefix) {
  const found = {};
  for (let layer = 1; layer <= depth; layer++) {
    const name = query.get(`${prefix}f.${layer}`) ?? "";
    if (Object.hasOwn(CATALOG, name)) found[layer] = name;
  }
  return found;
}

/* Of each hidden layer the name of its function and its settings: f, or the layer's own with the catalog's settings. */
function layersOf(setting) {
  const common = { f: setting.f, settings: settingsOf(setting) };
  return Array.from({ length: setting.depth }, (_, i) => {
    const f = setting.layers[i + 1];
    return f ? { f, settings: settingsOf({ f, set: {} }) } : common;
  });
}

/* The layers that have a function of their own: [number, name]; those beyond the depth do not count. */
const ownLayers = ({ layers, depth }) => Object.entries(layers).filter(([layer]) => layer <= depth);

/* A text that is a function: this one, or the first that a reader sees. */
function readOwn(text) {
  try {
    typed(text ?? "");
    return text;
  } catch {
    return OWN_FIRST;
  }
}
const OWN_FIRST = "z * sigmoid(1.7 z)";

/* What the address says to other labs of the page than the one that owns these keys. */
function othersOf(owns) {
  const query = new URLSearchParams(location.search);
  for (const key of [...query.keys()]) if (owns(key)) query.delete(key);
  return query;
}
const ofTraining = (key) => Object.hasOwn(READ, key) || /^(own|updates|b|b\..*|set\..*|f\.\d+)$/.test(key);

/* A setting from an address; what it does not say, or says wrongly, is the default. */
function readSetting(query, prefix = "") {
  const found = structuredClone(DEFAULTS);
  for (const [key, read] of Object.entries(READ)) {
    const value = query.has(prefix + key) ? read(query.get(prefix + key)) : undefined;
    if (value !== undefined) found[key] = value;
  }
  if (found.f === "own") found.own = readOwn(query.get(`${prefix}own`));
  found.set = readSet(query, found.f, prefix);
  found.layers = readLayers(query, found.depth, prefix);
  return found;
}

/* The words of an address: what differs from the default. */
function writeSetting(query, setting, prefix = "") {
  for (const key of Object.keys(READ)) {
    if (key === "points" && setting.data !== "own") continue;
    if (setting[key] !== DEFAULTS[key]) query.set(prefix + key, setting[key]);
  }
  if (setting.f === "own") query.set(`${prefix}own`, setting.own);
  for (const [words, value] of Object.entries(setting.set)) query.set(`${prefix}set.${words}`, value);
  for (const [layer, name] of ownLayers(setting)) query.set(`${prefix}f.${layer}`, name);
}

/* A number as a person writes it: three digits, and powers of ten where it is very small or large. */
function said(value, digits = 3) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "infinite" : "minus infinite";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return `${mantissa}e${Number(power)}`.replace("-", "−").replace("e-", "e−");
  }
  return Number(value.toPrecision(digits)).toString().replace("-", "−");
}
const percent = (share) => `${Math.round(100 * share)} %`;

/* A setting in words, or only what tells it from another. */
function describe(setting, other = null) {
  const title = setting.f === "own" ? `f(z) = ${setting.own}` : CATALOG[setting.f].title;
  const moved = Object.entries(setting.set).map(([words, value]) => `${words} ${said(value)}`);
  const parts = {
    f: moved.length ? `${title} (${moved.join(", ")})` : title,
    layers: ownLayers(setting).map(([layer, f]) => `${CATALOG[f].title} in layer ${layer}`).join(", ") ||
      (other ? "one function in all layers" : ""),
    depth: `${setting.depth} hidden ${setting.depth === 1 ? "layer" : "layers"}`,
    width: `width ${setting.width}`,
    start: `start ${START_TITLES[setting.start]}`,
    gain: `gain ${said(setting.gain)}`,
    optimiser: OPTIMISER_TITLES[setting.optimiser],
    rate: `rate ${setting.rate}`,
    batch: setting.batch ? `batch ${setting.batch}` : "all points at once",
    data: setting.data === "own" ? `your own ${counted(setting.points.length / 2)}` : TASKS[setting.data].title,
  };
  const same = (key) => setting[key] === other[key] && (key !== "f" || sameSet(setting, other)) &&
    (key !== "data" || samePoints(setting, other));
  const differs = (key) => (key === "layers" ? !sameLayers(setting, other) : !same(key));
  const kept = Object.keys(parts).filter((key) => (other ? differs(key) : key !== "gain" || setting.gain !== 1));
  return kept.map((key) => parts[key]).filter(Boolean).join(", ");
}
const sameSet = (a, b) => JSON.stringify(settingsOf(a)) === JSON.stringify(settingsOf(b));
const sameLayers = (a, b) => JSON.stringify(ownLayers(a)) === JSON.stringify(ownLayers(b));
const samePoints = (a, b) => a.data !== "own" || b.data !== "own" || a.points === b.points;
const alike = (a, b) => Object.keys(READ).every((key) => ["seed", "points"].includes(key) || a[key] === b[key]) &&
  sameSet(a, b) && samePoints(a, b) && sameLayers(a, b);

/* The trainer that a setting asks for, untrained, and its task. The seed draws points, weights and batches, each from
   a stream of its own: two settings with one seed have the same points. test is null where there are no fresh ones. */
function begun(setting, seed = setting.seed) {
  const layers = layersOf(setting);
  const sizes = [2, ...Array(setting.depth).fill(setting.width), 1];
  const once = (act) => { // what it makes of a layer, once for all layers with the same function
    const made = new Map();
    return layers.map(({ f, settings }) => {
      const key = JSON.stringify([f, settings]);
      if (!made.has(key)) made.set(key, act(f, settings));
      return made.get(key);
    });
  };
  const network = new Network(sizes, once(functionOf));
  // weights multiply what comes out of the function before them; before the first ones there is none
  const gains = setting.start === "computed" ? once(gainOf) : layers.map(() => 1);
  network.initialize(setting.start, [gains[0], ...gains].map((one) => setting.gain * one), new Random(seed, 2));
  const { train, test } = drawTask(setting.data, seed, setting.points);
  return { trainer: new Trainer(network, train, { ...setting, seed }), test };
}
/* Twenty starts: a setting, and perhaps a second one, from the same seeds. */

const SEEDS = 20;

/* What was found, in a sentence that claims no more than that. `names` are the settings in words. */
function verdict(found, names) {
  const { pairs, left, mean, low, high, smaller } = found;
  const seeds = `${pairs} ${pairs === 1 ? "pair" : "pairs"}`;
  const lost = `${left} of ${pairs + left} pairs have a loss that is no finite number, and are left out.`;
  const without = left ? ` ${lost}` : "";
  if (pairs < 2) return `Too few pairs to compare: ${seeds}.${without}`;
  if (low === 0 && high === 0) return `The two ended alike in each of ${seeds}.${without}`;
  const interval = `${said(low)} to ${said(high)}`;
  if (low > 0 || high < 0) {
    const [lower, more] = mean < 0 ? [names[0], smaller] : [names[1], found.larger];
    const size = said(Math.abs(mean));
    const ends = [Math.abs(low), Math.abs(high)].sort((p, q) => p - q).map((v) => said(v)).join(" to ");
    return (
      `Ends lower: ${lower}, by ${size} in the mean of ${seeds} (95 % interval ${ends}), ` +
      `and in ${more} of ${pairs}.${without}`
    );
  }
  const missed = said(Math.max(Math.abs(low), Math.abs(high)));
  return (
    `Not distinguishable: the mean of A − B over ${seeds} is ${said(mean)} (95 % interval ${interval}). ` +
    `Differences below ${missed} could not be seen.${without}`
  );
}

/* Trains each setting from each seed, some milliseconds at a time. Calls progress(done, all) in between; stops when
   stopped() is true. Returns for each setting its losses after so many updates, on fresh points or, where there
   are none, on those learned from; null if stopped. */
async function manyStarts(settings, updates, { seeds = SEEDS, progress = () => {}, stopped = () => false } = {}) {
  const losses = settings.map(() => []);
  let done = 0;
  let until = performance.now() + SLICE;
  for (let seed = 1; seed <= seeds; seed++) {
    for (const [i, setting] of settings.entries()) {
      const { trainer, test } = begun(setting, seed);
      while (trainer.steps < updates) {
        trainer.step();
        if (performance.now() < until) continue;
        progress(done + trainer.steps / updates, settings.length * seeds);
        await new Promise((resolve) => setTimeout(resolve));
        if (stopped()) return null;
        until = performance.now() + SLICE;
      }
      losses[i].push(judged(trainer.network, test ?? trainer.data).loss);
      done++;
    }
  }
  return losses;
}
const SLICE = 24; // ms of work between two looks at what the reader does

/* Median, and the middle half, of what is finite. */
function summary(losses) {
  const finite = losses.filter(Number.isFinite).sort((p, q) => p - q);
  const at = (share) => (finite.length ? quantile(finite, share) : NaN);
  return { n: losses.length, failed: losses.length - finite.length, median: at(0.5), low: at(0.25), high: at(0.75) };
}
/* Pictures: all of them say in text nearby what they show. */

const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";

/* An element with attributes and children; `on` has its listeners. */
function make(name, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "circle", "text", "rect", "g"].includes(name);
  const element = document.createElementNS(svg ? SVG : HTML, name);
  const { on = {}, ...rest } = attributes;
  for (const [key, value] of Object.entries(rest)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  for (const [sign, listener] of Object.entries(on)) element.addEventListener(sign, listener);
  element.append(...children);
  return element;
}

// label 0, undecided, label 1; and the ink of points and of the line
const SHADES = {
  light: [[232, 168, 124], [247, 243, 238], [134, 182, 220], "#16191d", "#ffffff"],
  dark: [[128, 66, 28], [34, 38, 44], [38, 88, 136], "#f2f4f7", "#16191d"],
};
function isDark() {
  const { theme = { true: "light", false: "dark" }[document.body.dataset.jpThemeLight] } =
    document.documentElement.dataset; // of the book, or of JupyterLab
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const small = document.createElement("canvas"); // a pixel for each point of the grid

/* The surface of logits as colours, the line where they are 0, the points, and a cursor if there is one. */
function drawSurface(canvas, logits, size, { x, y, n }, reach, cursor = null) {
  const [none, middle, one, ink, paper] = SHADES[isDark() ? "dark" : "light"];
  const side = Math.round(canvas.clientWidth * Math.min(2, window.devicePixelRatio || 1)) || 300;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (small.width !== size) small.width = small.height = size;
  const pixels = new ImageData(size, size);
  for (let k = 0; k < logits.length; k++) {
    const share = Number.isNaN(logits[k]) ? 0.5 : sigmoid(logits[k]);
    const [from, to, part] = share < 0.5 ? [none, middle, 2 * share] : [middle, one, 2 * share - 1];
    for (let c = 0; c < 3; c++) pixels.data[4 * k + c] = from[c] + part * (to[c] - from[c]);
    pixels.data[4 * k + 3] = 255;
  }
  small.getContext("2d").putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, side, side);
  context.strokeStyle = ink;
  context.lineWidth = side / 160;
  context.lineCap = "round";
  context.stroke(zeroLine(logits, size, side / size));
  context.lineWidth = side / 300;
  const radius = side / 85;
  const place = (x, y) => [(side / 2) * (1 + x / reach), (side / 2) * (1 - y / reach)];
  for (let k = 0; k < n; k++) {
    const [across, down] = place(x[k], x[n + k]);
    context.beginPath();
    if (y[k]) {
      context.arc(across, down, radius, 0, 7);
      context.fillStyle = ink;
    } else {
      context.moveTo(across - 1.4 * radius, down);
      context.lineTo(across, down - 1.4 * radius);
      context.lineTo(across + 1.4 * radius, down);
      context.lineTo(across, down + 1.4 * radius);
      context.closePath();
      context.fillStyle = paper;
    }
    context.fill();
    context.stroke();
  }
  if (!cursor) return;
  const [across, down] = place(...cursor);
  for (const [color, width] of [[paper, side / 60], [ink, side / 150]]) {
    context.beginPath();
    for (const [right, low] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(across + 2 * radius * right, down + 2 * radius * low);
      context.lineTo(across + 4 * radius * right, down + 4 * radius * low);
    }
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }
}

/* Where a grid of numbers changes its sign, in pieces: one or two through each cell of four neighbours. */
function zeroLine(v, size, scale) {
  const path = new Path2D();
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const k = row * size + column;
      const corners = [v[k], v[k + 1], v[k + size + 1], v[k + size]];
      if (corners.every((c) => c > 0) || corners.every((c) => !(c > 0))) continue;
      const cuts = [];
      for (let side = 0; side < 4; side++) {
        const [a, b] = [corners[side], corners[(side + 1) % 4]];
        if (a > 0 === b > 0) continue;
        const part = Number.isFinite(a - b) ? a / (a - b) : 0.5;
        const [right, down] = [[part, 0], [1, part], [1 - part, 1], [0, 1 - part]][side];
        cuts.push([(column + 0.5 + right) * scale, (row + 0.5 + down) * scale]);
      }
      for (let i = 0; i + 1 < cuts.length; i += 2) {
        path.moveTo(...cuts[i]);
        path.lineTo(...cuts[i + 1]);
      }
    }
  }
  return path;
}

/* f from -4 to 4, in its own colour and dash; a jump has no stroke. */
function drawFunction(svg, name, settings) {
  const f = functionOf(name, settings);
  let path = "";
  let before = NaN;
  for (let z = -4; z <= 4; z += 0.05) {
    const value = f(z);
    path += `${Math.abs(value - before) < 0.4 ? "L" : "M"}${(z * 10).toFixed(1)} ${(-10 * value).toFixed(1)}`;
    before = value;
  }
  const { color, dash } = entryOf(name);
  const dashes = dash.map((part) => 2 * part).join(" ");
  svg.replaceChildren(
    make("path", { d: "M-40 0H40M0 -40V20", class: "lab-axis" }),
    make("path", { d: path, class: "lab-curve", stroke: color, "stroke-dasharray": dashes }),
  );
}

/* Bars of a histogram, 24 x 10. */
function bars({ bins, count }) {
  const most = Math.max(1, ...bins);
  return count ? [...bins].map((b, i) => (b ? `M${i} 10v${(-10 * b / most).toFixed(2)}h1V10z` : "")).join("") : "";
}

/* Powers of ten, and 2 and 5 times them, between two numbers: at most so many. */
function ticks(low, high, most) {
  for (const steps of [[1, 2, 5], [1], [1e-3]]) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += steps[0] === 1e-3 ? 3 : 1) {
      for (const step of steps) {
        const value = (step === 1e-3 ? 1 : step) * 10 ** power;
        if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
      }
    }
    if (found.length <= most && found.length) return found;
  }
  return [low, high];
}

/* Lines of losses over updates, both on a log axis for the losses. */
const PLOT = { width: 340, height: 190, left: 46, right: 8, top: 8, bottom: 30 };
function drawLosses(svg, { at, train, test }, color) {
  const seen = [...train, ...test].filter((v) => v > 0 && Number.isFinite(v));
  let [low, high] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [0.1, 1];
  [low, high] = [Math.min(low / 1.1, high / 2), high * 1.1];
  const { width, height, left, right, top, bottom } = PLOT;
  const last = Math.max(1, at.at(-1) ?? 1);
  const across = (step) => left + (width - left - right) * (step / last);
  const down = (v) => top + ((height - top - bottom) * Math.log(high / v)) / Math.log(high / low);
  const line = (values) => {
    let path = "";
    values.forEach((v, i) => {
      if (v > 0 && Number.isFinite(v)) path += `${path ? "L" : "M"}${across(at[i]).toFixed(1)} ${down(v).toFixed(1)}`;
    });
    return path;
  };
  const parts = [make("path", { class: "lab-axis", d: `M${left} ${top}V${height - bottom}H${width - right}` })];
  for (const value of ticks(low, high, 5)) {
    const place = down(value);
    parts.push(make("path", { class: "lab-axis", d: `M${left - 4} ${place}h4` }));
    parts.push(make("text", { x: left - 7, y: place + 4, "text-anchor": "end" }, said(value, 1)));
  }
  parts.push(make("text", { x: left, y: height - 14 }, "0"));
  parts.push(make("text", { x: width - right, y: height - 14, "text-anchor": "end" }, `${last} updates`));
  parts.push(make("path", { class: "lab-test", d: line(test) }));
  parts.push(make("path", { class: "lab-train", d: line(train), stroke: color }));
  svg.replaceChildren(...parts);
}

/* A row of dots for each setting, on a log axis, with its median and middle half. */
function drawStrip(svg, rows, sums) {
  const floor = (v) => Math.max(v, 1e-12);
  const seen = rows.flat().filter(Number.isFinite).map(floor);
  let [low, high] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [0.1, 1];
  [low, high] = [Math.min(low / 1.2, high / 2), high * 1.2];
  const [width, left, right, row] = [340, 30, 12, 46];
  const across = (v) => left + ((width - left - right) * Math.log(floor(v) / low)) / Math.log(high / low);
  const bottom = 8 + row * rows.length;
  const parts = [make("path", { class: "lab-axis", d: `M${left} ${bottom}H${width - right}` })];
  for (const value of ticks(low, high, 6)) {
    parts.push(make("path", { class: "lab-axis", d: `M${across(value)} ${bottom}v4` }));
    parts.push(make("text", { x: across(value), y: bottom + 17, "text-anchor": "middle" }, said(value, 1)));
  }
  rows.forEach((losses, i) => {
    const middle = 8 + row * (i + 0.5);
    parts.push(make("text", { x: 6, y: middle + 5, class: "lab-letter" }, "AB"[i]));
    losses.forEach((v, k) => {
      if (!Number.isFinite(v)) return;
      const up = middle + (((k * 7) % 20) - 9.5); // side by side, so that none hides another
      const place = { cx: across(v).toFixed(1), cy: up.toFixed(1), r: 3 };
      parts.push(make("circle", { ...place, class: `lab-dot lab-dot-${"ab"[i]}` }));
    });
    const { low: q1, median, high: q3 } = sums[i];
    if (Number.isNaN(median)) return;
    parts.push(make("path", { class: "lab-half", d: `M${across(q1)} ${middle}H${across(q3)}` }));
    parts.push(make("path", { class: "lab-median", d: `M${across(median)} ${middle - 15}v30` }));
  });
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 24}`);
  svg.replaceChildren(...parts);
}
/* The look of the lab: the colours are the page's, and the system's where the page names none. */

const STYLE = `
.actlab-lab { --ink: var(--pst-color-text-base, CanvasText); --quiet: var(--pst-color-text-muted, GrayText);
  --ground: var(--pst-color-background, Canvas); --raised: var(--pst-color-surface, Canvas);
  --mark: var(--pst-color-primary, Highlight); max-width: 46rem; margin: 0 0 1.5rem; color: var(--ink);
  font-size: 0.95rem; }
.actlab-lab * { box-sizing: border-box; }
.actlab-lab-stage { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.75rem 1.5rem; }
.actlab-lab-row { display: flex; flex-wrap: wrap; gap: 0.4rem; align-items: center; margin: 0 0 0.5rem; }
.actlab-lab button { min-height: 2.25rem; padding: 0 0.75rem; font: inherit; color: var(--ink); cursor: pointer;
  background: var(--ground); border: 1px solid var(--quiet); border-radius: 1.4rem; }
.actlab-lab button[aria-pressed="true"] { color: var(--ground); background: var(--ink); border-color: var(--ink); }
.actlab-lab .lab-pointing { cursor: crosshair; touch-action: manipulation; }
.actlab-lab .lab-points { margin-top: 0.5rem; }
.actlab-lab .lab-points [role="status"] { min-height: 1.4em; }
.actlab-lab button.lab-main { min-width: 5.2rem; color: var(--ground); background: var(--mark);
  border-color: var(--mark); font-weight: 600; }
.actlab-lab button[disabled] { opacity: 0.5; cursor: default; }
.actlab-lab canvas { display: block; width: 100%; max-width: 26rem; aspect-ratio: 1;
  border: 1px solid var(--quiet); border-radius: 4px; }
.bd-content .actlab-lab p, .actlab-lab p { margin: 0.35rem 0; line-height: 1.4; }
.actlab-lab-settings { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.35rem 0.75rem;
  align-content: start; }
.actlab-lab-settings > .lab-wide { grid-column: 1 / -1; }
.actlab-lab label { display: block; margin: 0; font-size: 0.85rem; font-weight: 600; line-height: 1.3; }
.actlab-lab select { width: 100%; min-height: 2.25rem; padding: 0 0.3rem; font: inherit; color: var(--ink);
  background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px; }
.actlab-lab-slider > div { display: flex; gap: 0.5rem; align-items: center; }
.actlab-lab-slider input { flex: 1 1 4rem; min-width: 3rem; width: 4rem; height: 2rem; margin: 0;
  accent-color: var(--mark); cursor: pointer; }
.actlab-lab-slider output { flex: none; min-width: 2.2rem; text-align: right; font-variant-numeric: tabular-nums; }
.actlab-lab-function { display: flex; gap: 0.6rem; align-items: end; }
.actlab-lab-function > div { flex: 1 1 auto; min-width: 0; }
.actlab-lab-function svg { flex: none; width: 4rem; height: 3rem; border: 1px solid var(--quiet);
  border-radius: 4px; }
.actlab-lab svg text { fill: var(--ink); font-size: 12px; font-family: inherit; }
.actlab-lab .lab-axis { fill: none; stroke: var(--quiet); stroke-width: 1; }
.actlab-lab .lab-curve { fill: none; stroke-width: 2.2; }
.actlab-lab .lab-train { fill: none; stroke-width: 2.4; }
.actlab-lab .lab-test { fill: none; stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: 4 2; }
.actlab-lab .lab-key { display: inline-block; width: 2rem; height: 0; margin-right: 0.3rem;
  vertical-align: middle; border-top: 3px solid; }
.actlab-lab .lab-key-test { border-top: 2px dashed var(--ink); }
.actlab-lab .lab-numbers, .actlab-lab td, .actlab-lab output { font-variant-numeric: tabular-nums; }
.actlab-lab .lab-numbers { min-height: 2.8em; }
.actlab-lab-losses { margin-top: 0.5rem; }
.actlab-lab-losses svg { display: block; width: 100%; height: auto; }
.actlab-lab table { display: table; width: 100%; margin: 0.5rem 0; font-size: 0.82rem; border-collapse: collapse;
  table-layout: fixed; color: var(--ink); }
.actlab-lab caption { caption-side: top; padding: 0; text-align: left; color: var(--ink); }
.actlab-lab :is(th, td) { padding: 0.15rem 0.3rem; border: none;
  border-bottom: 1px solid var(--pst-color-border, ButtonBorder);
  text-align: right; vertical-align: bottom; line-height: 1.25; }
.actlab-lab th:first-child { width: 2.6rem; padding-left: 0; text-align: left; }
.actlab-lab .lab-mixed th:first-child { width: 17%; overflow-wrap: anywhere; }
.actlab-lab .lab-mixed :is(th, td).lab-hist { width: 24%; }
.actlab-lab .lab-layers { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr));
  gap: 0.35rem 0.75rem; }
.actlab-lab .lab-layers > .lab-wide { grid-column: 1 / -1; }
.actlab-lab :is(th, td).lab-hist { width: 27%; padding: 0.15rem 0.6rem; text-align: center; }
.actlab-lab :is(th, td).lab-words { width: 34%; text-align: left; }
.actlab-lab td svg { display: block; width: 100%; height: 1.5rem; }
.actlab-lab-result:empty, .actlab-lab .lab-said:empty { display: none; }
.actlab-lab-result svg { display: block; width: 100%; max-width: 34rem; height: auto; }
.actlab-lab .lab-dot { fill-opacity: 0.75; }
.actlab-lab .lab-dot-a { fill: var(--mark); }
.actlab-lab .lab-dot-b { fill: var(--ground); stroke: var(--ink); stroke-width: 1.4; }
.actlab-lab .lab-median { stroke: var(--ink); stroke-width: 2.5; }
.actlab-lab .lab-half { stroke: var(--ink); stroke-width: 1.5; }
.actlab-lab .lab-letter { font-weight: 700; font-size: 14px; }
.actlab-lab .lab-part { margin-top: 1rem; padding-top: 0.6rem;
  border-top: 2px solid var(--pst-color-border, ButtonBorder); }
.actlab-lab .lab-title { font-weight: 700; font-size: 1.1rem; }
.actlab-lab summary { min-height: 28px; cursor: pointer; align-content: center; }
.actlab-lab .lab-link { width: 100%; min-height: 2.25rem; font: inherit; color: var(--ink);
  background: var(--ground); border: 1px solid var(--quiet); }
.actlab-lab .lab-fault { min-height: 2.8em; }
.actlab-lab [aria-invalid="true"] { border: 2px solid var(--ink); border-left-width: 6px; }
.actlab-lab .lab-row-end { align-self: end; }
.actlab-lab .lab-slope, .actlab-lab .lab-back { fill: none; stroke-width: 1.8; stroke-dasharray: 6 3; }
.actlab-lab .lab-slope { stroke: var(--ink); }
.actlab-lab .lab-bend { fill: none; stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: 1.5 2.5; }
.actlab-lab .lab-here, .actlab-lab .lab-limit { fill: none; stroke: var(--quiet); stroke-dasharray: 2 4; }
.actlab-lab .lab-kink { fill: var(--ground); stroke: var(--ink); stroke-width: 1.6; }
.actlab-lab .lab-thin { stroke-width: 1.4; }
.actlab-lab .lab-key-dashed { border-top: 2px dashed; }
.actlab-lab .lab-key-dotted { border-top: 2px dotted; }
.actlab-lab .lab-part > div > svg, .actlab-lab-stage > div > div > svg { display: block; width: 100%; height: auto; }
.actlab-lab .lab-facts th:first-child { width: 32%; }
.actlab-lab .lab-formats th:first-child { width: 22%; }
.actlab-lab :is(.lab-facts, .lab-formats) :is(th, td) { overflow-wrap: anywhere; }
.actlab-lab .lab-heard { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }
.actlab-lab :is(button, select, input, summary, canvas):focus-visible { outline: 3px solid var(--mark);
  outline-offset: 2px; }
@media (max-width: 640px) {
  .actlab-lab-stage { grid-template-columns: minmax(0, 1fr); }
  .actlab-lab table { font-size: 0.75rem; }
  .actlab-lab :is(th, td) { padding: 0.15rem 0.15rem; }
  .actlab-lab .lab-mixed th:first-child { width: 21%; }
  .actlab-lab .lab-mixed :is(th, td).lab-hist { width: 22%; padding: 0.15rem; }
}
@media (pointer: coarse), (max-width: 640px) {
  .actlab-lab button, .actlab-lab select { min-height: 2.75rem; }
  .actlab-lab-slider input { height: 2.75rem; }
}
`;
/* A lab has its state from the address of its page; in a notebook, where the address is not its own, from what the
   package wrote beside it. There it hands on no link but the call that makes it. */

const isEmbedded = (root) => root.dataset.state !== undefined;
const givenState = (root) => new URLSearchParams(isEmbedded(root) ? JSON.parse(root.dataset.state) : location.search);
const copyWords = (root) => (isEmbedded(root) ? "Copy as a call" : "Copy a link");
const CALL = "The call that makes this lab";

async function handOn([text, name], said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = `${name} is copied.`;
  } catch {
    const field = make("input", { class: "lab-link", readonly: true, "aria-label": name });
    field.value = text;
    said.replaceChildren(`This browser lets no page copy. ${name}: `, field);
    field.select();
  }
}

/* What an address says, as the call of the package: its own names, and nothing that is not said. */
const TRAINED = Object.fromEntries([...Object.keys(READ), "own", "updates"].map((key) => [key, key]));
const IN_PYTHON = {
  train: { ...TRAINED, f: "activation", optimiser: "optimizer" },
  explore: { f: "activation", own: "own", gain: "gain", beside: "beside", z: "z" },
  numbers: { z: "logits", format: "format", want: "result", how: "program", target: "target" },
};
function asCall(kind, link) {
  const query = new URLSearchParams(link.split("#")[0].split("?")[1] ?? "");
  const values = { "": {}, "b.": {} };
  for (const [key, value] of query) {
    const prefix = key.startsWith("b.") ? "b." : "";
    const name = key === "explore" ? "f" : key.slice(prefix.length).replace(/^explore\./, "");
    const into = values[prefix];
    const known = Object.hasOwn(IN_PYTHON[kind], name) && IN_PYTHON[kind][name];
    if (known === "points") {
      into[known] = `[${coordinates(pointsIn(value) ?? []).map((one) => `(${one.join(", ")})`).join(", ")}]`;
      continue;
    }
    const isText = known === "logits" || known === "own" || Number.isNaN(Number(value));
    const written = isText ? JSON.stringify(value) : String(Number(value));
    if (/^f\.\d+$/.test(name)) (into.layers ??= {})[name.slice(2)] = written;
    else if (name.startsWith("set.")) (into.settings ??= {})[name.slice(4).replaceAll(" ", "_")] = written;
    else if (known) into[known] = written;
  }
  if (query.has("b")) values[""].against = values["b."];
  const asKey = (key) => (/^\d+$/.test(key) ? key : `"${key}"`); // a layer's is its number
  const table = (one) => `{${Object.entries(one).map(([key, value]) => `${asKey(key)}: ${text(value)}`).join(", ")}}`;
  const text = (value) => (typeof value === "string" ? value : table(value));
  return `lab.${kind}(${Object.entries(values[""]).map(([key, value]) => `${key}=${text(value)}`).join(", ")})`;
}
/* What the labs of a page share: the menu of functions, and the field for one that is typed in. */

const PAUSE = 400; // ms after the last key until a text is judged

/* The catalog's functions by title, and first the reader's own. */
function functionTitles() {
  const titles = Object.entries(CATALOG).map(([name, { title }]) => [name, title]);
  return Object.fromEntries([["own", "your own …"], ...titles.sort(([, a], [, b]) => a.localeCompare(b))]);
}

/* A field for a function of z. Calls act(text) for each text that is one; of others it says what is wrong. */
function ownField(name, text, act) {
  const id = `${name}-own`;
  const fault = make("p", { id: `${id}-fault`, role: "status", class: "lab-fault" });
  const input = make("input", { id, class: "lab-link", maxlength: 2 * LONGEST, spellcheck: "false", autocomplete: "off",
    autocapitalize: "off", "aria-describedby": fault.id });
  input.value = text;
  let later;
  input.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(() => {
      if (!input.isConnected) return;
      let words = "";
      try {
        typed(input.value);
      } catch (wrong) {
        words = wrong.message;
      }
      fault.textContent = words;
      input.setAttribute("aria-invalid", words ? "true" : "false");
      if (!words) act(input.value);
    }, PAUSE);
  });
  return make("div", { class: "lab-wide" }, make("label", { for: id }, "f(z) ="), input, fault);
}
/* Points that a reader sets, each with its label: on a grid, so that an address holds many of them, two signs each. */

const STEPS_OUT = 20; // of the grid, from the middle of the picture to 1
const ACROSS = 2 * STEPS_OUT + 1;
const MOST_POINTS = 100;
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const GRASP = 3; // steps: what is removed may be so far from the finger

/* From the text of an address [column, row, label] of each point, in steps from the middle; null for a damaged one. */
function pointsIn(text) {
  if (text.length % 2 || text.length > 2 * MOST_POINTS) return null;
  const places = new Set();
  const points = [];
  for (let i = 0; i < text.length; i += 2) {
    const [high, low] = [SIGNS.indexOf(text[i]), SIGNS.indexOf(text[i + 1])];
    const code = high * SIGNS.length + low;
    const place = code % ACROSS ** 2;
    if (high < 0 || low < 0 || code >= 2 * ACROSS ** 2 || places.has(place)) return null;
    places.add(place);
    points.push([(place % ACROSS) - STEPS_OUT, Math.floor(place / ACROSS) - STEPS_OUT, code === place ? 0 : 1]);
  }
  return points;
}

function pointsAsText(points) {
  return points.map(([column, row, label]) => {
    const code = (label * ACROSS + row + STEPS_OUT) * ACROSS + column + STEPS_OUT;
    return SIGNS[Math.floor(code / SIGNS.length)] + SIGNS[code % SIGNS.length];
  }).join("");
}

const coordinates = (points) => points.map(([column, row, label]) => [column / STEPS_OUT, row / STEPS_OUT, label]);
const counted = (n) => `${n} ${n === 1 ? "point" : "points"}`;

/* What sets points in a picture: by click or tap, and by keys. Calls changed(text) with the new ones, moved() where
   only the cursor is another. */
class PointSetter {
  constructor(canvas, reach, name, { changed, moved }) {
    Object.assign(this, { canvas, reach, changed, moved, points: [], at: [0, 0], tool: 1 });
    const tools = [[1, "● label 1"], [0, "◇ label 0"], [null, "Remove"]];
    const choices = tools.map(([tool, words]) => make("button", {
      type: "button", "aria-pressed": String(tool === this.tool), on: { click: (event) => {
        this.tool = tool;
        choices.forEach((one) => one.setAttribute("aria-pressed", String(one === event.target)));
      } },
    }, words));
    this.clear = make("button", { type: "button", on: { click: () => this.keep([], "No point is left.") } }, "Clear");
    this.count = make("p");
    this.said = make("p", { role: "status" });
    this.rows = make("tbody");
    this.help = make("p", { id: `${name}-keys` }, "Click or tap the picture to set points, or use keys in it: arrows " +
      "move a cursor, with Shift five steps; 1 and 0 set a point of that label, Delete removes it. " +
      "Each change begins anew.");
    const heads = ["point", "x", "y", "label"].map((words) => make("th", { scope: "col" }, words));
    this.element = make("div", { class: "lab-points" },
      make("div", { class: "actlab-lab-row", role: "group", "aria-label": "What a click does" }, ...choices, this.clear),
      this.help, this.count, this.said,
      make("details", {}, make("summary", {}, "Your points as a table"),
        make("table", {}, make("caption", {}, "Where each point is, in the order that they were set"),
          make("thead", {}, make("tr", {}, ...heads)), this.rows)));
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const sign of ["focus", "blur"]) canvas.addEventListener(sign, () => { if (this.on) moved(); });
  }

  /* These points; null: the picture shows others, and nothing sets any. */
  show(points) {
    const { canvas } = this;
    this.on = points !== null;
    this.element.hidden = !this.on;
    canvas.classList.toggle("lab-pointing", this.on);
    // the last keeps JupyterLab's own keys from the picture
    const more = { tabindex: "0", "aria-describedby": this.help.id, "data-lm-suppress-shortcuts": "true" };
    for (const [key, value] of Object.entries(more)) {
      if (this.on) canvas.setAttribute(key, value);
      else canvas.removeAttribute(key);
    }
    canvas.setAttribute("role", this.on ? "application" : "img");
    this.points = points ?? [];
    const ones = this.points.filter(([, , label]) => label).length;
    this.count.textContent = `${counted(this.points.length)} of at most ${MOST_POINTS}: ${ones} of label 1, ` +
      `${this.points.length - ones} of label 0. All are learned from; none is kept back as a fresh one.`;
    this.rows.replaceChildren(...coordinates(this.points).map(([x, y, label], k) => make("tr", {},
      make("th", { scope: "row" }, String(k + 1)), ...[said(x), said(y), label].map((words) => make("td", {}, words)))));
  }

  /* Where the cursor is, while keys move it. */
  get cursor() {
    return this.on && document.activeElement === this.canvas ? this.at.map((steps) => steps / STEPS_OUT) : null;
  }

  get place() {
    return `x ${said(this.at[0] / STEPS_OUT)}, y ${said(this.at[1] / STEPS_OUT)}`;
  }

  keep(points, words) {
    this.said.textContent = words;
    this.changed(pointsAsText(points));
  }

  set(label) {
    const there = this.points.findIndex(([column, row]) => column === this.at[0] && row === this.at[1]);
    const others = this.points.filter((_, k) => k !== there);
    if (others.length === MOST_POINTS) {
      this.said.textContent = `${MOST_POINTS} points are the most: remove one first.`;
    } else if (there < 0 || this.points[there][2] !== label) {
      const all = [...others, [...this.at, label]];
      this.keep(all, `Label ${label} at ${this.place}; ${counted(all.length)}.`);
    }
  }

  /* The point nearest to the cursor, if it is so near. */
  remove(most) {
    const off = ([column, row]) => Math.hypot(column - this.at[0], row - this.at[1]);
    const [nearest] = [...this.points].sort((p, q) => off(p) - off(q));
    if (!nearest || off(nearest) > most) {
      this.said.textContent = `No point to remove at ${this.place}.`;
      return;
    }
    this.at = nearest.slice(0, 2);
    const rest = this.points.filter((one) => one !== nearest);
    this.keep(rest, `Removed at ${this.place}; ${counted(rest.length)} left.`);
  }

  click(event) {
    if (!this.on) return;
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const sides = [(2 * (event.clientX - left)) / width - 1, 1 - (2 * (event.clientY - top)) / height];
    this.at = sides.map((side) => Math.max(-STEPS_OUT, Math.min(STEPS_OUT, Math.round(side * this.reach * STEPS_OUT))));
    if (this.tool === null) this.remove(GRASP);
    else this.set(this.tool);
    this.moved();
  }

  key(event) {
    if (!this.on || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const way = Object.hasOwn(ways, event.key) ? ways[event.key] : null;
    if (way) {
      const steps = event.shiftKey ? 5 : 1;
      this.at = this.at.map((one, i) => Math.max(-STEPS_OUT, Math.min(STEPS_OUT, one + steps * way[i])));
      const here = this.points.find(([column, row]) => column === this.at[0] && row === this.at[1]);
      this.said.textContent = `${this.place}: ${here ? `label ${here[2]}` : "no point"}.`;
      this.moved();
    } else if (event.key === "1" || event.key === "0") {
      this.set(Number(event.key));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.remove(0);
    } else {
      return;
    }
    event.preventDefault();
  }
}
/* The lab on a page: controls, pictures, numbers as text. */

const PACES = { one: "1 update a picture", ten: "10 a picture", fast: "as many as fit" };
const MOST = { one: 1, ten: 10, fast: Infinity };
const GRIDS = [20, 28, 40, 56, 80];
const SPARE = 4; // pictures for each set of numbers, where both together take too long
const STEPPING = 12; // ms of updates a frame
const PERIOD = 45; // ms from picture to picture, where one takes less: more than twenty a second
const HEARD = 5000; // ms between two sentences for those who listen
const KEPT = 400; // points of the lines of the losses
const NO_POINTS = "No points yet: set some of both labels in the picture, then train.";
let labs = 0;

class Lab {
  constructor(root) {
    this.root = root;
    this.name = `lab${++labs}`;
    this.query = givenState(root);
    this.setting = readSetting(this.query);
    this.second = this.query.has("b") ? readSetting(this.query, "b.") : null;
    this.updates = among(UPDATES)(this.query.get("updates") ?? "") ?? 300;
    this.pace = "ten";
    this.playing = false;
    this.grid = 3;
    this.left = 0; // pictures until the next set of numbers
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.ends = [];
    this.build();
    this.reset();
    this.sayDamaged();
    this.sayStarts();
    this.listen();
  }

  // --- what stands on the page

  build() {
    const button = (words, act, more = {}) => make("button", { type: "button", ...more, on: { click: act } }, words);
    this.play = button("Play", () => (this.playing ? this.pause() : this.run()), { class: "lab-main" });
    const step = button("Step", () => this.once());
    const reset = button("Reset", () => this.reset());
    const fresh = button("New seed", () => this.change({ seed: (this.setting.seed % 9999) + 1 }));
    this.canvas = make("canvas", { width: 300, height: 300 });
    this.setter = new PointSetter(this.canvas, TASKS.own.reach, this.name, {
      changed: (points) => this.change({ points }),
      moved: () => this.paint(),
    });
    this.numbers = make("p", { class: "lab-numbers" });
    this.heard = make("p", { class: "lab-heard", role: "status" });
    this.said = make("p", { class: "lab-said", role: "status" });
    this.settings = make("div", { class: "actlab-lab-settings", role: "group", "aria-label": "Settings" });
    this.losses = make("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img" });
    this.key = make("span", { class: "lab-key" });
    this.freshKey = make("span", {}, make("span", { class: "lab-key lab-key-test" }), "on fresh ones");
    this.rows = make("tbody");
    this.five = make("tbody", { class: "lab-five" });
    this.fold = make("details", { on: { toggle: () => this.draw() } },
      make("summary", {}, "The picture as a table"),
      make("table", {}, make("caption", {}, "How sure the network is of label 1, on 5 × 5 places"), this.five));
    const column = (words, kind) => make("th", { scope: "col", class: kind ?? null }, words);
    const table = make("table", { class: "lab-by-layer" },
      make("caption", {}, "Layer by layer, on the learned points: mean ± standard deviation, and how values lie"),
      make("thead", {}, make("tr", {}, column("layer"), column("before f", "lab-hist"), column("after f", "lab-hist"),
        column("delta"), column("dead"), column("flat"))), this.rows);
    this.root.replaceChildren(
      make("div", { class: "actlab-lab-stage" },
        make("div", {},
          make("div", { class: "actlab-lab-row" }, this.play, step, reset, fresh),
          this.canvas,
          make("p", {}, "● label 1, ◇ label 0; the line is where the network changes its mind."),
          this.numbers, this.said, this.setter.element),
        make("div", {},
          this.settings,
          make("div", { class: "actlab-lab-losses" },
            make("p", {}, this.key, "loss on learned points ", this.freshKey),
            this.losses))),
      table,
      make("p", {}, "delta: root mean square of the loss’s slope before f. " +
        `dead: units whose slope is 0 at every point. flat: slopes below ${FLAT}.`),
      this.fold,
      this.buildStarts(button),
      this.heard);
    this.buildSettings();
  }

  select(words, options, value, act, wide = false) {
    const id = `${this.name}-${words.replaceAll(" ", "-")}`;
    const made = Object.entries(options).map(([key, title]) =>
      make("option", { value: key, selected: key === String(value) }, title));
    return make("div", { class: wide ? "lab-wide" : null }, make("label", { for: id }, words),
      make("select", { id, autocomplete: "off", on: { change: (event) => act(event.target.value) } }, ...made));
  }

  slider(words, low, high, step, value, act, shown = said) {
    const id = `${this.name}-${words.replaceAll(" ", "-")}`;
    const output = make("output", { for: id, "aria-live": "off" }, shown(value));
    const input = make("input", { id, type: "range", min: low, max: high, step, autocomplete: "off", on: {
      input: (event) => { output.textContent = shown(Number(event.target.value)); act(Number(event.target.value)); },
    } });
    input.value = value;
    const named = make("label", { for: id }, words);
    return make("div", { class: "actlab-lab-slider" }, named, make("div", {}, input, output));
  }

  /* All controls anew: they are few, and a setting may come from a link. */
  buildSettings() {
    const { setting } = this;
    const titles = (table) => Object.fromEntries(Object.entries(table).map(([key, { title }]) => [key, title]));
    const set = (key, read = (v) => v) => (value) => this.change({ [key]: read(value) });
    // with a space, since what looks like a whole number would come first among the keys
    const spaced = (list, words) => Object.fromEntries(list.map((one) => [` ${one}`, words(one)]));
    this.layers = make("div", { class: "lab-layers" });
    this.layersTitle = make("summary");
    this.layersFold = make("details", { class: "lab-wide", open: this.layersFold?.open ?? false, on: {
      toggle: () => this.buildLayers(),
    } }, this.layersTitle, this.layers);
    this.curve = make("svg", { viewBox: "-40 -40 80 60", "aria-hidden": "true" });
    const knobs = knobsOf(setting.f).map(([, , words, value, low, high]) =>
      this.slider(words, low, high, "any", setting.set[words] ?? value, (v) => {
        this.change({ set: { ...this.setting.set, [words]: Number(v.toPrecision(3)) } }, false);
      }));
    this.settings.replaceChildren(
      make("div", { class: "actlab-lab-function lab-wide" },
        this.select("function f", functionTitles(), setting.f, (f) => {
          this.change({ f, set: {}, own: f === "own" ? this.setting.own ?? OWN_FIRST : undefined });
          document.getElementById(`${this.name}-function-f`).focus();
        }), this.curve),
      ...(setting.f === "own" ? [ownField(this.name, setting.own, (own) => this.change({ own }))] : []),
      ...knobs,
      this.layersFold,
      this.slider("depth", 1, 10, 1, setting.depth, set("depth")),
      this.slider("width", 1, 32, 1, setting.width, set("width")),
      this.select("start", START_TITLES, setting.start, set("start")),
      this.slider("gain", 0.1, 5, 0.1, setting.gain, set("gain")),
      this.select("data", titles(TASKS), setting.data, set("data")),
      this.select("optimiser", OPTIMISER_TITLES, setting.optimiser, set("optimiser")),
      this.select("rate", spaced(RATES, String), ` ${setting.rate}`, set("rate", Number)),
      this.select("batch", spaced(BATCHES, (b) => (b ? `${b} points` : "all points")), ` ${setting.batch}`,
        set("batch", Number)),
      this.select("speed", PACES, this.pace, (pace) => { this.pace = pace; }),
      make("div", {}, make("button", { type: "button", on: { click: () => this.copy() } }, copyWords(this.root))));
    this.buildLayers();
  }

  /* A menu for each hidden layer, while they are asked for. */
  buildLayers() {
    const { setting } = this;
    if (!this.layersFold.open) return this.layers.replaceChildren();
    const choices = { "": "f, as above", ...functionTitles() };
    delete choices.own;
    this.layers.replaceChildren(...Array.from({ length: setting.depth }, (_, i) => {
      return this.select(`layer ${i + 1}`, choices, setting.layers[i + 1] ?? "", (name) => {
        const { [i + 1]: before, ...others } = this.setting.layers;
        this.change({ layers: name ? { ...others, [i + 1]: name } : others });
      });
    }), make("p", { class: "lab-wide" }, "A layer’s own function has the catalog’s settings."));
  }

  buildStarts(button) {
    this.aim = make("p");
    this.first = make("p");
    this.other = make("p");
    this.keep = button("Keep this as B", () => this.setSecond(structuredClone(this.setting)));
    this.swap = button("Swap A and B", () => {
      const before = this.setting;
      this.setting = this.second;
      this.setSecond(before);
      this.buildSettings();
      this.change({});
    });
    this.forget = button("Forget B", () => this.setSecond(null));
    const act = () => (this.working ? this.halt() : this.manyStarts());
    this.many = button(`Train from ${SEEDS} seeds`, act, { class: "lab-main" });
    this.progress = make("p", { "aria-hidden": "true" });
    this.result = make("div", { class: "actlab-lab-result" });
    this.verdict = make("p", { role: "status", class: "lab-said" });
    const choice = Object.fromEntries(UPDATES.map((n) => [` ${n}`, `${n} updates each`]));
    return make("div", { class: "lab-part", role: "group", "aria-label": "Twenty starts" },
      make("p", { class: "lab-title" }, "Twenty starts"),
      this.aim, this.first, this.other,
      make("div", { class: "actlab-lab-row" }, this.keep, this.swap, this.forget),
      make("div", { class: "actlab-lab-row" }, this.many,
        this.select("how long", choice, ` ${this.updates}`, (n) => { this.updates = Number(n); this.address(); })),
      this.progress, this.verdict, this.result);
  }

  // --- settings

  change(what, whole = true) {
    this.setting = { ...this.setting, ...what };
    if (whole && ("f" in what)) this.buildSettings();
    if ("depth" in what) this.buildLayers();
    this.reset();
    if (!("seed" in what)) this.sayStarts(); // which have seeds of their own
    this.address();
  }

  setSecond(setting) {
    this.second = setting;
    this.sayStarts();
    this.address();
  }

  address() {
    if (isEmbedded(this.root)) return;
    clearTimeout(this.later); // a browser allows a hundred changes in half a minute
    this.later = setTimeout(() => {
      try {
        history.replaceState(null, "", this.link());
      } catch {
        // a frame without an address of its own
      }
    }, 400);
  }

  link() {
    const query = othersOf(ofTraining);
    writeSetting(query, this.setting);
    if (this.second) {
      query.set("b", "1");
      writeSetting(query, this.second, "b.");
    }
    if (this.updates !== 300) query.set("updates", this.updates);
    const words = query.toString();
    return `${location.pathname}${words && `?${words}`}${location.hash}`;
  }

  async copy(path = this.link()) {
    if (isEmbedded(this.root)) return handOn([asCall(this.root.dataset.kind ?? "train", path), CALL], this.said);
    const link = new URL(path, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.said.textContent = "The link to this setting is copied.";
    } catch {
      const field = make("input", { class: "lab-link", readonly: true, "aria-label": "The link to this setting" });
      field.value = link;
      this.said.replaceChildren("This browser lets no page copy; here is the link: ", field);
      field.select();
    }
  }

  // --- training

  reset() {
    this.pause(false);
    const { trainer, test } = begun(this.setting);
    Object.assign(this, { trainer, test, every: 1, history: { at: [], train: [], test: [] } });
    // the mean square of a typed-in function may be infinite
    this.said.textContent = trainer.network.parameters.some(Number.isNaN)
      ? "This function has no computed gain: its mean square does not settle. Choose another start." : "";
    drawFunction(this.curve, this.setting.f, settingsOf(this.setting));
    const own = ownLayers(this.setting).length;
    this.layersTitle.textContent = `A function for each layer${own ? ` (${own} of ${this.setting.depth} not f)` : ""}`;
    this.setter.show(this.setting.data === "own" ? pointsIn(this.setting.points) : null);
    this.freshKey.hidden = !test;
    this.draw();
  }

  sayDamaged() {
    const all = { "": "The points", "b.": "The points of B" };
    const damaged = Object.keys(all).filter((prefix) => pointsIn(this.query.get(`${prefix}points`) ?? "") === null);
    if (!damaged.length) return;
    this.said.textContent = `${all[damaged[0]]} in this address are damaged: none of them is taken.`;
  }

  /* Whether there is nothing to learn from, which is then said. */
  empty() {
    if (this.trainer.data.n) return false;
    this.said.textContent = NO_POINTS;
    return true;
  }

  run() {
    if (this.broken() || this.empty()) return;
    this.playing = true;
    this.play.textContent = "Pause";
    this.quietUntil = 0;
    const frame = () => {
      if (!this.playing) return;
      if (!this.root.isConnected) return this.pause(false); // a notebook has thrown its output away
      const begin = performance.now();
      for (let k = 1; k <= MOST[this.pace]; k++) {
        this.trainer.step();
        const spent = performance.now() - begin;
        if (spent + spent / k > STEPPING) break; // the next would be too late
        if (!Number.isFinite(this.trainer.latest)) break;
      }
      if (performance.now() >= (this.nextPicture ?? 0) || this.broken()) this.draw();
      if (this.broken()) return this.pause();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  broken() {
    return Number.isFinite(this.latest?.loss) === false && this.trainer.steps > 0;
  }

  once() {
    this.pause(false);
    if (this.empty()) return;
    if (!this.broken()) this.trainer.step();
    this.draw();
    this.hear();
  }

  pause(heard = true) {
    if (!this.playing) return;
    this.playing = false;
    this.play.textContent = "Play";
    if (heard) {
      this.draw();
      this.hear();
    }
  }

  draw() {
    const begin = performance.now();
    const { trainer, setting } = this;
    const { network } = trainer;
    // while a slider is moved a large network is asked at fewer places
    const fit = GRIDS.filter((one) => one ** 2 * network.parameters.length < 2e7).at(-1);
    const size = Math.min(fit, GRIDS[this.playing ? this.grid : GRIDS.length - 1]);
    const { reach } = TASKS[setting.data];
    const logits = surface(network, size, reach);
    this.painted = [logits, size];
    this.paint();
    const slow = this.playing && this.grid === 0 && !this.still.matches;
    const all = !slow || this.left-- <= 0 || !Number.isFinite(trainer.latest);
    if (all) {
      this.drawNumbers(logits, size);
      this.left = SPARE - 1;
    }
    const took = performance.now() - begin;
    if (!this.playing) return;
    if (all && took > PERIOD / 3 && this.grid > 0) this.grid--;
    else if (all && took < PERIOD / 6 && this.grid < GRIDS.length - 1) this.grid++;
    // updates have twice the time of a picture, unless it would come too late; a frame's updates come before it
    const wait = Math.min(2 * took, PERIOD - took - STEPPING);
    this.nextPicture = performance.now() + (this.still.matches ? 1000 : Math.max(0, wait));
    if (performance.now() > this.quietUntil) this.hear();
  }

  paint() {
    drawSurface(this.canvas, ...this.painted, this.trainer.data, TASKS[this.setting.data].reach, this.setter.cursor);
  }

  /* What the network's numbers are now, in words, lines and bars. */
  drawNumbers(logits, size) {
    const { trainer, test, setting } = this;
    const { network, data } = trainer;
    if (this.fold.open) this.drawTable(logits, size);
    const mixed = ownLayers(setting).length ? ", with other functions in some layers," : "";
    const what = `What ${entryOf(setting.f).title}${mixed} answers on ${TASKS[setting.data].title}`;
    if (!data.n) {
      this.latest = undefined;
      this.numbers.textContent = this.words = NO_POINTS;
      this.canvas.setAttribute("aria-label", `${what}: there are none yet`);
      this.losses.replaceChildren();
      this.losses.setAttribute("aria-label", "No losses: there are no points yet");
      this.rows.replaceChildren();
      return;
    }
    const layers = layerStatistics(network, data);
    this.latest = judged(network, data);
    const fresh = test && judged(network, test);
    this.remember(trainer.steps, this.latest.loss, fresh ? fresh.loss : NaN);
    const asked = { xor: "corners", own: "your points" }[setting.data] ?? "fresh points";
    const sure = `${percent((fresh ?? this.latest).right)} of ${asked} right`;
    const [learned, tested] = [said(this.latest.loss), fresh && said(fresh.loss)];
    const words = `Update ${trainer.steps}. Loss ${learned}${fresh ? `, on fresh points ${tested}` : ""}; ${sure}.`;
    this.numbers.textContent = words;
    this.canvas.setAttribute("aria-label", `${what}: ${sure}`);
    const { color } = entryOf(setting.f);
    this.key.style.color = color;
    drawLosses(this.losses, this.history, color);
    this.losses.setAttribute("aria-label", `Losses after ${trainer.steps} updates, ` +
      `${learned} on learned points${fresh ? ` and ${tested} on fresh ones` : ""}`);
    this.drawLayers(layers);
    if (this.broken()) {
      this.said.textContent = "The loss is no finite number any more: this rate, or this start, is too large. " +
        "Reset to begin again.";
    }
    this.words = words;
  }

  remember(step, train, test) {
    const { at } = this.history;
    const { history } = this;
    if (at.at(-1) === step || (at.length && step - at.at(-1) < this.every && this.playing)) return;
    at.push(step);
    history.train.push(train);
    history.test.push(test);
    if (at.length <= KEPT) return;
    this.every = 2 * Math.ceil(step / KEPT);
    for (const key of ["at", "train", "test"]) history[key] = history[key].filter((_, i) => i % 2 === 0);
  }

  drawLayers(layers) {
    const entries = layersOf(this.setting).map(({ f }) => entryOf(f));
    const mixed = ownLayers(this.setting).length > 0;
    this.rows.parentElement.classList.toggle("lab-mixed", mixed);
    if (this.rows.rows.length !== layers.length) {
      const hist = () => make("td", { class: "lab-hist" },
        make("svg", { viewBox: "0 0 24 10", preserveAspectRatio: "none", "aria-hidden": "true" }, make("path")),
        make("span"));
      this.rows.replaceChildren(...layers.map(() =>
        make("tr", {}, make("th", { scope: "row" }), hist(), hist(),
          make("td"), make("td"), make("td"))));
    }
    layers.forEach(({ z, a, delta, dead, flat }, i) => {
      const { cells } = this.rows.rows[i];
      const { title, color } = entries[i];
      cells[0].textContent = mixed ? `${i + 1} ${title}` : String(i + 1);
      [z, a].forEach((spread, k) => {
        const cell = cells[k + 1];
        const path = cell.querySelector("path");
        path.setAttribute("d", bars(spread));
        path.setAttribute("fill", color);
        cell.lastChild.textContent = `${said(spread.mean, 2)} ± ${said(spread.sd, 2)}`;
      });
      [said(delta, 2), percent(dead), percent(flat)].forEach((words, k) => { cells[k + 3].textContent = words; });
    });
  }

  drawTable(logits, size) {
    const { reach } = TASKS[this.setting.data];
    const places = [0, 1, 2, 3, 4].map((k) => Math.floor(((k + 0.5) * size) / 5));
    const at = (place) => said(reach * ((2 * place + 1) / size - 1), 2);
    this.five.replaceChildren(
      make("tr", {}, make("td"), ...places.map((p) => make("th", { scope: "col" }, at(p)))),
      ...places.map((row) => make("tr", {}, make("th", { scope: "row" }, at(size - 1 - row)),
        ...places.map((column) => make("td", {}, percent(sigmoid(logits[row * size + column])))))));
  }

  hear() {
    this.heard.textContent = this.words;
    this.quietUntil = performance.now() + HEARD;
  }

  // --- twenty starts

  sayStarts() {
    const { setting, second } = this;
    const same = second && alike(setting, second);
    const drawn = setting.data === "own" ? "weights, on your points" : "points and weights";
    this.aim.textContent = `One run shows what can happen; twenty, each with its own ${drawn}, how often.`;
    this.first.replaceChildren(make("strong", {}, "A"), `, the setting above: ${describe(setting)}.`);
    this.other.replaceChildren(make("strong", {}, "B"), !second
      ? ", a second setting to compare with: none yet. Keep this one, then change it above."
      : `: ${same ? "the same so far; change something above." : `${describe(second)}.`}`);
    this.swap.hidden = this.forget.hidden = !second;
    this.halt();
    this.result.replaceChildren();
    this.verdict.textContent = "";
  }

  halt() {
    if (this.working) this.working.stopped = true;
    this.working = null;
    this.many.textContent = `Train from ${SEEDS} seeds`;
    this.progress.textContent = "";
  }

  async manyStarts() {
    this.pause();
    const work = (this.working = { stopped: false });
    this.many.textContent = "Stop";
    this.result.replaceChildren();
    this.verdict.textContent = "";
    const settings = this.second && !alike(this.setting, this.second) ? [this.setting, this.second] : [this.setting];
    if (settings.some((one) => one.data === "own" && !one.points)) {
      this.halt();
      this.verdict.textContent = NO_POINTS;
      return;
    }
    const updates = this.updates;
    const begin = performance.now();
    let next = 0;
    const losses = await manyStarts(settings, updates, {
      stopped: () => work.stopped,
      progress: (done, all) => {
        const now = performance.now();
        if (now < next) return;
        next = now + 500;
        const left = Math.ceil((((now - begin) / done) * (all - done)) / 1000);
        const still = now - begin > 1500 ? `, about ${left} s to go` : "";
        this.progress.textContent = `${Math.floor(done)} of ${all} networks${still} …`;
      },
    });
    if (!losses) return;
    this.halt();
    this.showStarts(settings, losses, updates);
  }

  showStarts(settings, losses, updates) {
    const sums = losses.map(summary);
    const names = ["A", "B"];
    const half = ({ low, high }) => `${said(low)} to ${said(high)}`;
    const words = sums.map((sum, i) => `${names[i]}: median loss ${said(sum.median)}, middle half ${half(sum)}`);
    const strip = make("svg", { role: "img", "aria-label": words.join("; ") });
    drawStrip(strip, losses, sums);
    const differs = settings.length > 1
      ? settings.map((one, i) => describe(one, settings[1 - i]))
      : [describe(settings[0])];
    const row = (sum, i) => make("tr", {}, make("th", { scope: "row" }, names[i]),
      make("td", { class: "lab-words" }, differs[i]), make("td", {}, said(sum.median)), make("td", {}, half(sum)),
      make("td", {}, `${sum.failed} of ${sum.n}`));
    const heads = ["", "setting", "median", "middle half", "not finite"].map((words) =>
      words ? make("th", { scope: "col", class: words === "setting" ? "lab-words" : null }, words) : make("td"));
    const asked = settings.map(({ data }) => (data === "own" ? "on your points" : "on fresh points"));
    const [where, each] = asked.every((words) => words === asked[0])
      ? [` ${asked[0]}`, ""] : ["", `; ${asked.map((words, i) => `${names[i]} ${words}`).join(", ")}`];
    this.result.replaceChildren(strip, make("table", {},
      make("caption", {}, `Loss${where} after ${updates} updates, ${SEEDS} seeds each${each}`),
      make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...sums.map(row))));
    this.verdict.textContent = settings.length > 1
      ? verdict(paired(...losses), differs.map((words, i) => `${names[i]} (${words})`))
      : `Half of the losses lie in ${half(sums[0])}. Keep this setting as B, change one thing, and train both.`;
  }

  // --- what comes from elsewhere

  listen() {
    const on = (target, sign, listener) => {
      target.addEventListener(sign, listener);
      this.ends.push(() => target.removeEventListener(sign, listener));
    };
    // a link to a setting on this very page moves the lab, without a new page
    if (!isEmbedded(this.root)) on(document, "click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      const there = new URL(link.href);
      if (there.pathname !== location.pathname || there.host !== location.host) return;
      if (![...there.searchParams.keys()].some(ofTraining)) return;
      event.preventDefault();
      this.open(there.searchParams);
      this.root.scrollIntoView({ block: "start" });
      this.play.focus({ preventScroll: true });
    });
    const seen = new MutationObserver(() => this.draw());
    seen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    seen.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
    const sized = new ResizeObserver(() => { if (!this.playing) this.draw(); });
    sized.observe(this.canvas);
    this.ends.push(() => seen.disconnect(), () => sized.disconnect());
  }

  open(query) {
    this.setting = readSetting(query);
    this.second = query.has("b") ? readSetting(query, "b.") : null;
    this.updates = among(UPDATES)(query.get("updates") ?? "") ?? 300;
    document.getElementById(`${this.name}-how-long`).value = ` ${this.updates}`;
    this.query = query;
    this.buildSettings();
    this.change({});
    this.sayDamaged();
  }

  close() {
    this.pause(false);
    this.halt();
    clearTimeout(this.later);
    this.ends.forEach((end) => end());
    this.root.replaceChildren();
  }
}
/* The explorer on a page: a function, what it does to signals and gradients of 50 layers, and another one beside it. */

const LAYERS = 50;
const SEEN = 10; // the range is that of |z| up to here
const SHOWN = 5; // and the picture shows so much
const CURVES = { width: 340, height: 230, left: 28, right: 6, top: 8, bottom: 22 };
const DEPTHS = { width: 340, height: 220, left: 46, right: 8, top: 8, bottom: 34 };
const GAINS = [0.1, 10];
const BEST = { f: "gelu", set: {}, gain: null, beside: "", z: 1 };
const ofExploring = (key) => key === "explore" || key.startsWith("explore.");

/* What an address says of the explorer; what it says wrongly is the default. A gain of null is the computed one. */
function readExplored(query) {
  const found = structuredClone(BEST);
  found.f = READ.f(query.get("explore") ?? "") ?? found.f;
  if (found.f === "own") found.own = readOwn(query.get("explore.own"));
  found.set = readSet(query, found.f, "explore.");
  found.gain = within(...GAINS, false)(query.get("explore.gain") ?? "") ?? null;
  found.beside = oneOf(FUNCTIONS)(query.get("explore.beside") ?? "") ?? "";
  found.z = within(-SEEN, SEEN, false)(query.get("explore.z") ?? "") ?? BEST.z;
  return found;
}

function writeExplored(query, { f, own, set, gain, beside, z }) {
  query.set("explore", f);
  if (f === "own") query.set("explore.own", own);
  for (const [words, value] of Object.entries(set)) query.set(`explore.set.${words}`, value);
  if (gain !== null) query.set("explore.gain", gain);
  if (beside) query.set("explore.beside", beside);
  if (z !== BEST.z) query.set("explore.z", z);
}

/* A number of the theory in words; NaN is one that is not there. */
const found = (value) => (Number.isNaN(value) ? "does not settle" : said(Math.abs(value) < 1e-14 ? 0 : value, 6));
const places = (list) => list.map((z) => said(z, 4)).join(", ");

function wordsOfBreaks(breaks) {
  const kinds = [["kink", "kinks"], ["jump", "jumps"], ["pole", "poles"]];
  const parts = kinds.flatMap(([kind, many]) => {
    const at = breaks.filter((one) => one.kind === kind).map(({ z }) => z);
    const more = at.length > 6 ? ` and ${at.length - 6} more` : "";
    return at.length ? [`${at.length > 1 ? many : kind} at z = ${places(at.slice(0, 6))}${more}`] : [];
  });
  return parts.join("; ") || "none";
}

/* Least and largest value for |z| up to SEEN, and where there is none. */
function rangeOf(theory) {
  let [low, high, lost] = [Infinity, -Infinity, false];
  for (let k = -100 * SEEN; k <= 100 * SEEN; k++) {
    const value = theory.f(k / 100);
    if (Number.isNaN(value)) lost = true;
    else [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  if (low > high) return "no number anywhere";
  return `${said(low, 4)} to ${said(high, 4)}${lost ? "; no number at some z" : ""}`;
}

function wordsOfEdge(edge) {
  if (!edge) return "none found";
  if (edge.kind === "every q") return `gain ${said(edge.gain, 6)}, at every mean square`;
  const at = edge.kind === "point" ? `mean square ${said(edge.q, 6)}` : "the limit of mean square 0";
  return `gain ${said(edge.gain, 6)}, at ${at}`;
}
const NEARBY = { stable: "are drawn in", unstable: "run away", neutral: "stay as they are" };

/* The first layer at which a root mean square is no number of a format other than 0; the layers in that order. */
function leaves(squares, format) {
  const least = 2 ** (format.least - format.digits + 1);
  return squares.findIndex((square) => {
    const root = Math.sqrt(square);
    return !(root > least / 2 && root <= largestOf(format));
  });
}
function wordsOfLeaving({ forward, backward }, format) {
  const up = leaves(forward, format);
  const down = leaves([...backward].reverse(), format);
  const parts = [];
  if (up >= 0) parts.push(`signal from layer ${up} on`);
  if (down >= 0) parts.push(`gradient from layer ${LAYERS - down} down`);
  return parts.join("; ") || "all inside";
}

/* f, f' and f'' from -SHOWN to SHOWN; a jump has no stroke, and what is too large for the picture leaves it. */
function drawCurves(svg, theory, color, z) {
  const { width, height, left, right, top, bottom } = CURVES;
  const count = 40 * SHOWN + 1;
  const at = [...Array(count).keys()].map((k) => -SHOWN + (2 * SHOWN * k) / (count - 1));
  const lines = at.map((place) => [...theory.both(place), theory.bend(place)]);
  const finite = lines.flat().filter(Number.isFinite);
  const low = Math.max(Math.min(...finite, -0.25), -2.5) - 0.1;
  const high = Math.min(Math.max(...finite, 1.25), 3.5) + 0.1;
  const across = (place) => left + ((width - left - right) * (place + SHOWN)) / (2 * SHOWN);
  const down = (value) => top + ((height - top - bottom) * (high - value)) / (high - low);
  const inside = (value) => value >= low && value <= high;
  const cut = (i) => theory.breaks.some((one) => at[i - 1] <= one.z && one.z <= at[i]);
  const line = (which) => {
    let path = "", pen = false;
    lines.forEach((values, i) => {
      const value = values[which];
      if (!inside(value)) return (pen = false);
      const jump = i && cut(i) && Math.abs(value - lines[i - 1][which]) > 0.1;
      path += `${pen && !jump ? "L" : "M"}${across(at[i]).toFixed(1)} ${down(value).toFixed(1)}`;
      pen = true;
    });
    return path;
  };
  const parts = [make("path", { class: "lab-axis",
    d: `M${left} ${down(0)}H${width - right}M${across(0)} ${top}V${height - bottom}` })];
  for (const tick of [-4, -2, 2, 4]) {
    parts.push(make("path", { class: "lab-axis", d: `M${across(tick)} ${height - bottom}v4` }),
      make("text", { x: across(tick), y: height - 5, "text-anchor": "middle" }, said(tick)));
  }
  for (let tick = Math.ceil(low); tick <= high; tick++) {
    parts.push(make("path", { class: "lab-axis", d: `M${left - 4} ${down(tick)}h4` }),
      make("text", { x: left - 7, y: down(tick) + 4, "text-anchor": "end" }, said(tick)));
  }
  if (Math.abs(z) <= SHOWN) parts.push(make("path", { class: "lab-here", d: `M${across(z)} ${top}V${height - bottom}` }));
  parts.push(make("path", { class: "lab-bend", d: line(2) }), make("path", { class: "lab-slope", d: line(1) }),
    make("path", { class: "lab-train", d: line(0), stroke: color }));
  for (const { z: kink } of theory.breaks) {
    const value = theory.f(kink);
    if (Math.abs(kink) > SHOWN || !inside(value)) continue;
    parts.push(make("circle", { class: "lab-kink", cx: across(kink).toFixed(1), cy: down(value).toFixed(1), r: 3.5 }));
  }
  svg.replaceChildren(...parts);
}

/* Root mean squares layer by layer on a log axis: of the signal a line, of the gradient a dashed one. */
function drawDepth(svg, runs) {
  const { width, height, left, right, top, bottom } = DEPTHS;
  const powers = (squares) => squares.map((square) => Math.log10(square) / 2);
  const seen = runs.flatMap(({ forward, backward }) => powers([...forward, ...backward])).filter(Number.isFinite);
  const low = Math.max(-45, Math.floor(Math.min(-1, ...seen) - 0.1));
  const high = Math.min(45, Math.ceil(Math.max(1, ...seen) + 0.1));
  const across = (layer) => left + ((width - left - right) * layer) / LAYERS;
  const down = (power) => top + ((height - top - bottom) * (high - power)) / (high - low);
  const line = (squares) => {
    let path = "", pen = false;
    powers(squares).forEach((power, layer) => {
      if (!(power >= low && power <= high)) return (pen = false);
      path += `${pen ? "L" : "M"}${across(layer).toFixed(1)} ${down(power).toFixed(1)}`;
      pen = true;
    });
    return path;
  };
  const parts = [make("path", { class: "lab-axis", d: `M${left} ${top}V${height - bottom}H${width - right}` })];
  const step = Math.ceil((high - low) / 6);
  for (let power = Math.ceil(low / step) * step; power <= high; power += step) {
    parts.push(make("path", { class: "lab-axis", d: `M${left - 4} ${down(power)}h4` }),
      make("text", { x: left - 7, y: down(power) + 4, "text-anchor": "end" }, said(10 ** power, 1)));
  }
  for (let layer = 0; layer <= LAYERS; layer += 10) {
    parts.push(make("path", { class: "lab-axis", d: `M${across(layer)} ${height - bottom}v4` }),
      make("text", { x: across(layer), y: height - 18, "text-anchor": "middle" }, String(layer)));
  }
  parts.push(make("text", { x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, "layer"));
  const { digits, least } = FORMATS.float16;
  for (const power of [Math.log10(largestOf(FORMATS.float16)), Math.log10(2 ** (least - digits + 1))]) {
    if (power < low || power > high) continue;
    parts.push(make("path", { class: "lab-limit", d: `M${left} ${down(power)}H${width - right}` }),
      make("text", { x: width - right, y: down(power) - 4, "text-anchor": "end" }, "end of float16"));
  }
  for (const { forward, backward, color, thin } of runs) {
    const more = thin ? " lab-thin" : "";
    parts.push(make("path", { class: `lab-train${more}`, d: line(forward), stroke: color }),
      make("path", { class: `lab-back${more}`, d: line(backward), stroke: color }));
  }
  svg.replaceChildren(...parts);
}

class Explorer {
  constructor(root) {
    this.root = root;
    this.name = `lab${++labs}`;
    this.setting = readExplored(givenState(root));
    this.ends = [];
    this.build();
    this.buildSettings();
    this.renew();
    this.listen();
  }

  // --- what stands on the page

  build() {
    const picture = ({ width, height }) => make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    const key = (kind, words) => [make("span", { class: `lab-key ${kind}` }), words];
    this.curves = [picture(CURVES), picture(CURVES)];
    this.titles = [make("p", { class: "lab-title" }), make("p", { class: "lab-title" })];
    this.reading = [make("p", { class: "lab-numbers" }), make("p", { class: "lab-numbers" })];
    this.sides = [0, 1].map((i) => make("div", {}, this.titles[i], this.curves[i], this.reading[i]));
    this.depth = picture(DEPTHS);
    this.through = make("p", { class: "lab-numbers" });
    this.settings = make("div", { class: "actlab-lab-settings", role: "group", "aria-label": "Function and gain" });
    this.said = make("p", { class: "lab-said", role: "status" });
    this.heard = make("p", { class: "lab-heard", role: "status" });
    this.facts = make("table", { class: "lab-facts" });
    this.formats = make("table", { class: "lab-formats" });
    this.points = make("table");
    this.depths = make("table");
    this.folds = [
      make("details", { on: { toggle: () => this.drawTables() } },
        make("summary", {}, "The curves as a table"), this.points),
      make("details", { on: { toggle: () => this.drawTables() } },
        make("summary", {}, "The layers as a table"), this.depths),
    ];
    this.root.replaceChildren(
      make("div", { class: "actlab-lab-stage" },
        make("div", {},
          make("p", {}, ...key("", "f "), ...key("lab-key-dashed", "f′ "), ...key("lab-key-dotted", "f″ "), "○ kink"),
          this.sides[0]),
        make("div", {}, this.settings, this.said)),
      make("div", { class: "actlab-lab-stage lab-part" },
        make("div", {},
          make("p", { class: "lab-title" }, `${LAYERS} layers up and down`),
          make("p", {}, ...key("", "signal, up "), ...key("lab-key-dashed", "gradient, down")),
          this.depth, this.through),
        this.sides[1]),
      this.facts, this.formats,
      make("p", {}, "E: mean over a normal z of variance 1. gain keeps the signal’s mean square, backward gain the " +
        "gradient’s; chi is what a layer at the gain does to the gradient’s mean square. The formats round f as it is " +
        "in float64."),
      ...this.folds, this.heard);
  }

  /* All controls anew, as in the lab that trains. */
  buildSettings() {
    const { setting } = this;
    const knobs = knobsOf(setting.f).map(([, , words, value, low, high]) =>
      this.slider(words, low, high, "any", setting.set[words] ?? value, (v) => {
        this.change({ set: { ...this.setting.set, [words]: Number(v.toPrecision(3)) } });
      }));
    const beside = { "": "none", ...functionTitles() };
    delete beside.own;
    const gain = this.slider("gain", ...GAINS, 0.01, setting.gain ?? 1, (v) => this.move({ gain: v }));
    this.gain = gain.querySelector("input");
    this.gainSaid = gain.querySelector("output");
    this.settings.replaceChildren(
      make("div", { class: "lab-wide" }, this.select("function", functionTitles(), setting.f, (f) => {
        this.change({ f, set: {}, own: f === "own" ? this.setting.own ?? OWN_FIRST : undefined });
        this.buildSettings();
        this.renew();
        document.getElementById(`${this.name}-function`).focus();
      })),
      ...(setting.f === "own" ? [ownField(this.name, setting.own, (own) => this.change({ own }))] : []),
      ...knobs,
      this.select("beside it", beside, setting.beside, (name) => this.change({ beside: name })),
      this.slider("z", -SEEN, SEEN, 0.1, setting.z, (z) => this.move({ z })),
      gain,
      make("div", { class: "lab-row-end" },
        make("button", { type: "button", on: { click: () => this.move({ gain: null }) } }, "Computed gain")),
      make("div", {}, make("button", { type: "button", on: { click: () => this.copy(this.link("#explore")) } },
        copyWords(this.root))));
  }

  // --- settings

  change(what) {
    this.setting = { ...this.setting, ...what };
    this.said.textContent = "";
    this.renew();
    this.address();
  }

  /* What leaves the functions as they are. */
  move(what) {
    this.setting = { ...this.setting, ...what };
    this.said.textContent = "";
    if ("z" in what) this.drawHere();
    else this.drawThrough();
    this.address();
  }

  link(place = location.hash) {
    const query = othersOf(ofExploring);
    writeExplored(query, this.setting);
    return `${location.pathname}?${query}${place}`;
  }

  /* The functions anew: their numbers come piece by piece, so that the page stays at hand. */
  renew() {
    const { setting } = this;
    this.theories = [new Theory(setting.f, settingsOf(setting))];
    if (setting.beside) this.theories.push(new Theory(setting.beside));
    this.limits = this.theories.map(() => null);
    this.drawThrough();
    this.drawHere();
    const work = (this.work = {});
    const rest = () => new Promise((resolve) => setTimeout(resolve));
    const run = async () => {
      await rest();
      for (const [i, theory] of this.theories.entries()) {
        let until = performance.now() + SLICE;
        while (theory.scanNext()) {
          if (performance.now() < until) continue;
          await rest();
          if (this.work !== work) return;
          until = performance.now() + SLICE;
        }
        theory.ready = true;
        this.drawFacts();
        const limits = {};
        for (const [name, format] of Object.entries(FORMATS)) {
          await rest();
          if (this.work !== work) return;
          limits[name] = limitsOf(theory, format);
        }
        this.limits[i] = limits;
        this.drawFormats();
      }
      this.root.dataset.whole = "";
    };
    delete this.root.dataset.whole;
    run();
  }

  // --- pictures and numbers

  get names() {
    const own = this.setting.f === "own" ? this.setting.own : null;
    const moved = Object.entries(this.setting.set).map(([words, value]) => `${words} ${said(value)}`);
    const title = own ?? entryOf(this.setting.f).title;
    return [moved.length ? `${title} (${moved.join(", ")})` : title, this.setting.beside && CATALOG[this.setting.beside].title];
  }

  gainOf(theory) {
    return this.setting.gain ?? theory.moments.gain;
  }

  get colors() {
    return [entryOf(this.setting.f).color, this.setting.beside && CATALOG[this.setting.beside].color];
  }

  /* The curves, read at z. */
  drawHere() {
    const { setting, theories, names, colors } = this;
    this.sides[1].hidden = theories.length < 2;
    theories.forEach((theory, i) => {
      drawCurves(this.curves[i], theory, colors[i], setting.z);
      const [value, steep, bent] = [...theory.both(setting.z), theory.bend(setting.z)].map((v) => said(v, 4));
      const words = `z = ${said(setting.z)}: f = ${value}, f′ = ${steep}, f″ = ${bent}`;
      this.titles[i].textContent = names[i];
      this.reading[i].textContent = words;
      this.curves[i].setAttribute("aria-label", `${names[i]} with its two derivatives. ${words}`);
    });
    this.drawTables();
  }

  /* What hangs on the gain. */
  drawThrough() {
    const { theories, names, colors } = this;
    const gain = this.gainOf(theories[0]);
    if (Number.isFinite(gain)) this.gain.value = gain;
    this.gainSaid.textContent = Number.isFinite(gain) ? said(gain) : "–";
    this.runs = theories.map((theory, i) => {
      const color = i && colors[1] === colors[0] ? "currentColor" : colors[i];
      return { ...theory.layers(this.gainOf(theory), LAYERS), color, thin: i > 0 };
    });
    drawDepth(this.depth, this.runs);
    const words = this.runs.map(({ forward, backward }, i) => {
      const at = said(this.gainOf(theories[i]), 4);
      const [up, down] = [forward.at(-1), backward[0]].map((square) => said(Math.sqrt(square)));
      return Number.isNaN(forward.at(-1)) ? `${names[i]}: its mean square does not settle.`
        : `${names[i]}, gain ${at}: the signal’s root mean square goes from 1 to ${up}, the gradient’s, back, to ${down}.`;
    });
    this.through.replaceChildren(...words.flatMap((line, i) => (i ? [make("br"), line] : [line])));
    this.depth.setAttribute("aria-label", `Root mean squares through ${LAYERS} layers. ${words.join(" ")}`);
    this.drawFacts();
    this.drawFormats();
    this.drawTables();
    clearTimeout(this.hearing);
    this.hearing = setTimeout(() => { this.heard.textContent = words.join(" "); }, 1000);
  }

  row(head, cells) {
    return make("tr", {}, make("th", { scope: "row" }, head), ...cells.map((words) => make("td", {}, words)));
  }

  /* A table: its caption, the heads of its columns, its rows. */
  fill(table, caption, heads, rows) {
    const head = heads.map((words) => (words ? make("th", { scope: "col" }, words) : make("td")));
    table.replaceChildren(make("caption", {}, caption), make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...rows));
  }

  drawFacts() {
    const columns = this.theories.map((theory) => {
      const { mean, second, slopeSecond, gain, backwardGain, chi } = theory.moments;
      const numbers = [mean, second, slopeSecond, gain, backwardGain, chi].map(found);
      const seen = [rangeOf(theory), wordsOfBreaks(theory.breaks)];
      if (!theory.ready) return [...seen, ...numbers, "…", "…", "…", "…"];
      const at = this.gainOf(theory);
      const point = Number.isFinite(at) ? theory.fixedPoint(at) : null;
      const fixed = point
        ? [found(point.q), found(point.slope), NEARBY[point.stability]]
        : ["none: it grows or never settles", "–", "–"];
      return [...seen, ...numbers, ...fixed, wordsOfEdge(theory.edge ??= theory.edgeOfChaos())];
    });
    const heads = [`range, z from −${SEEN} to ${SEEN}`, "kinks", "E f", "E f²", "E f′²", "gain", "backward gain", "chi",
      "fixed point of the mean square", "slope of the variance map there", "signals near it", "edge of chaos"];
    const at = this.setting.gain === null ? "its computed gain" : `gain ${said(this.setting.gain)}`;
    this.fill(this.facts, `In numbers; the variance map at ${at}`, ["", ...this.names.filter(Boolean)],
      heads.map((head, i) => this.row(head, columns.map((column) => column[i]))));
  }

  drawFormats() {
    const limit = ([below, above], words) => {
      const parts = [below !== null && `z ≤ ${said(below)}`, above !== null && `z ≥ ${said(above)}`].filter(Boolean);
      return parts.join("; ") || words;
    };
    const rows = Object.entries(FORMATS).flatMap(([name, format]) => this.theories.map((_, i) => {
      const head = this.theories.length > 1 ? `${name}, ${"AB"[i]}` : name;
      const limits = this.limits[i]?.[name];
      const cells = limits ? [limit(limits.slope, "nowhere"), limit(limits.value, "nowhere")] : ["…", "…"];
      const moving = Number.isNaN(this.runs[i].forward.at(-1)) ? "–" : wordsOfLeaving(this.runs[i], format);
      return this.row(head, [...cells, moving]);
    }));
    const both = this.theories.length > 1 ? `; A: ${this.names[0]}, B: ${this.names[1]}` : "";
    this.fill(this.formats, `Where the numbers leave a format${both}`,
      ["", "slope is 0", "value is one number", `of ${LAYERS} layers, outside`], rows);
  }

  drawTables() {
    const names = this.names.filter(Boolean);
    const letter = (i) => (names.length > 1 ? ` ${"AB"[i]}` : "");
    if (this.folds[0].open) {
      const rows = [...Array(2 * SHOWN + 1).keys()].map((k) => k - SHOWN).map((z) =>
        this.row(said(z), this.theories.flatMap((theory) => [...theory.both(z), theory.bend(z)].map((v) => said(v)))));
      this.fill(this.points, "At whole z", ["z", ...names.flatMap((_, i) => ["f", "f′", "f″"].map((f) => f + letter(i)))], rows);
    }
    if (this.folds[1].open) {
      const rows = [...Array(LAYERS / 5 + 1).keys()].map((k) => 5 * k).map((layer) =>
        this.row(String(layer), this.runs.flatMap(({ forward, backward }) =>
          [forward[layer], backward[layer]].map((square) => said(Math.sqrt(square))))));
      this.fill(this.depths, "Root mean squares",
        ["layer", ...names.flatMap((_, i) => [`signal${letter(i)}`, `gradient${letter(i)}`])], rows);
    }
  }

  // --- what comes from elsewhere

  listen() {
    if (isEmbedded(this.root)) return;
    const follow = (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      const there = new URL(link.href);
      if (there.pathname !== location.pathname || there.host !== location.host) return;
      if (![...there.searchParams.keys()].some(ofExploring)) return;
      event.preventDefault();
      this.setting = readExplored(there.searchParams);
      this.buildSettings();
      this.change({});
      this.root.scrollIntoView({ block: "start" });
      document.getElementById(`${this.name}-function`).focus({ preventScroll: true });
    };
    document.addEventListener("click", follow);
    this.ends.push(() => document.removeEventListener("click", follow));
  }

  close() {
    this.work = null;
    clearTimeout(this.later);
    clearTimeout(this.hearing);
    this.ends.forEach((end) => end());
    this.root.replaceChildren();
  }
}
// the controls, the address and the link are the same in every lab
for (const shared of ["select", "slider", "address", "copy"]) Explorer.prototype[shared] = Lab.prototype[shared];
/* Number formats: every operation is carried out exactly, or to 300 bits and more, and rounded once, to the nearest
   number of the format and of two equally near ones to the even one. */

const formats = (() => {
/* exponent, fraction: bits. */
const FORMATS = {
  float16: { title: "float16", exponent: 5, fraction: 10 },
  bfloat16: { title: "bfloat16", exponent: 8, fraction: 7 },
  float32: { title: "float32", exponent: 8, fraction: 23 },
  float64: { title: "float64", exponent: 11, fraction: 52 },
  float8_e5m2: { title: "float8 E5M2", exponent: 5, fraction: 2 },
};
for (const format of Object.values(FORMATS)) {
  const { exponent, fraction } = format;
  format.bias = 2 ** (exponent - 1) - 1;
  format.lowest = 1 - format.bias; // of the exponents of normal numbers
  format.largest = 2 ** format.bias * (2 - 2 ** -fraction);
  format.tiny = powerOfTwo(format.lowest - fraction); // the least above 0
}

const PLACES = 320; // binary places of what is not exact
const doubles = new Float64Array(1);
const patterns = new BigUint64Array(doubles.buffer);

/* 2 to a whole power, exactly, down to the least float64. */
function powerOfTwo(power) {
  const bits = new BigUint64Array([power < -1022 ? 1n << BigInt(power + 1074) : BigInt(power + 1023) << 52n]);
  return new Float64Array(bits.buffer)[0];
}

/* A finite number exactly: sign * m * 2^e, m a whole number. */
function exactly(x) {
  doubles[0] = Math.abs(x);
  const power = Number(patterns[0] >> 52n);
  const fraction = patterns[0] & 0xfffffffffffffn;
  const sign = x < 0 || Object.is(x, -0) ? -1 : 1;
  return power ? { sign, m: fraction | (1n << 52n), e: power - 1075 } : { sign, m: fraction, e: -1074 };
}
const lengthOf = (m) => (m ? m.toString(16).length * 4 - Math.clz32(parseInt(m.toString(16)[0], 16)) + 28 : 0);
const shifted = (m, by) => (by >= 0 ? m << BigInt(by) : m >> BigInt(-by));

/* The number of the format that is nearest to an exact one. `more`: that it is a little larger than m says. */
function nearest({ sign, m, e, more = false }, format) {
  if (!m) return sign * 0;
  const { lowest, bias, fraction, largest } = format;
  const top = lengthOf(m) - 1 + e;
  if (top > bias + 1) return sign * Infinity;
  const last = Math.max(top, lowest) - fraction; // what the last place is worth, as a power of two
  const cut = last - e;
  let whole = shifted(m, -cut);
  if (cut > 0) {
    const rest = m - (whole << BigInt(cut));
    const half = 1n << BigInt(cut - 1);
    if (rest > half || (rest === half && (more || whole & 1n))) whole += 1n;
  }
  if (lengthOf(whole) + last > 1024) return sign * Infinity;
  const size = Number(whole) * powerOfTwo(last);
  return sign * (size > largest ? Infinity : size);
}

/* A float64 as the format stores it. */
function rounded(x, format) {
  return Number.isFinite(x) ? nearest(exactly(x), format) : x;
}

/* Logarithms and exponentials in whole numbers of 2^-PLACES. */
const ONE = 1n << BigInt(PLACES);
const times = (a, b) => (a * b) >> BigInt(PLACES);
/* 2 atanh(s), for s well below 1. */
function twiceAtanh(s) {
  const square = times(s, s);
  let sum = 0n;
  for (let term = s, k = 1n; term !== 0n && term !== -1n; term = times(term, square), k += 2n) sum += term / k;
  return 2n * sum;
}
const LOG_2 = twiceAtanh(ONE / 3n);

/* Exact results of operations on finite numbers; null where there is none. */
const EXACT = {
  add(x, y) {
    const [a, b] = [exactly(x), exactly(y)];
    const e = Math.min(a.e, b.e);
    const sum = [a, b].reduce((all, { sign, m, e: own }) => all + BigInt(sign) * shifted(m, own - e), 0n);
    // a sum of 0 is +0, but of two -0
    if (!sum) return { sign: a.sign < 0 && b.sign < 0 ? -1 : 1, m: 0n, e };
    return { sign: sum < 0n ? -1 : 1, m: sum < 0n ? -sum : sum, e };
  },
  subtract: (x, y) => EXACT.add(x, -y),
  divide(x, y) {
    const [a, b] = [exactly(x), exactly(y)];
    if (!b.m) return null;
    const m = (a.m << 400n) / b.m;
    return { sign: a.sign * b.sign, m, e: a.e - b.e - 400, more: m * b.m !== a.m << 400n };
  },
  exp(x) {
    const { sign, m, e } = exactly(x);
    if (!m) return { sign: 1, m: 1n, e: 0 };
    if (Math.abs(x) > 1e6) return null;
    const at = BigInt(sign) * shifted(m, e + PLACES);
    let power = at / LOG_2;
    if (at < power * LOG_2) power -= 1n;
    const rest = at - power * LOG_2;
    let sum = 0n;
    for (let term = ONE, k = 1n; term; term = times(term, rest) / k, k += 1n) sum += term;
    return { sign: 1, m: sum, e: Number(power) - PLACES, more: true };
  },
  log(x) {
    if (x <= 0) return null;
    const { m, e } = exactly(x);
    let power = lengthOf(m) - 1;
    let part = shifted(m, PLACES - power); // 1 to 2
    if (2n * part > 3n * ONE) {
      part >>= 1n; // 3/4 to 3/2
      power += 1;
    }
    const sum = BigInt(power + e) * LOG_2 + twiceAtanh(((part - ONE) << BigInt(PLACES)) / (part + ONE));
    return { sign: sum < 0n ? -1 : 1, m: sum < 0n ? -sum : sum, e: -PLACES, more: sum !== 0n };
  },
  negate: (x) => exactly(-x),
  largest: (...all) => exactly(Math.max(...all)),
};
/* The same where a number is not finite, or nothing exact is to be had. */
const BEYOND = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  divide: (x, y) => x / y,
  exp: Math.exp,
  log: Math.log,
  negate: (x) => -x,
  largest: (...all) => Math.max(...all),
};

/* An operation of a format: its value, the exact result where there is one, and what happened to it. */
function operate(name, args, format) {
  const exact = args.every(Number.isFinite) ? EXACT[name](...args) : null;
  const value = exact ? nearest(exact, format) : rounded(BEYOND[name](...args), format);
  return { name, args, value, exact, what: happened(name, args, value, exact, format) };
}

const sameAs = (a, b) => {
  const e = Math.min(a.e, b.e);
  return shifted(a.m, a.e - e) === shifted(b.m, b.e - e);
};

function happened(name, args, value, exact, format) {
  if (args.some(Number.isNaN)) return "nan before";
  if (exact && exact.m) {
    if (!Number.isFinite(value)) return "overflow";
    if (value === 0) return "underflow";
    if (Math.abs(value) < powerOfTwo(format.lowest)) return "subnormal";
    return !exact.more && sameAs(exactly(value), exact) ? "exact" : "rounded";
  }
  if (Number.isNaN(value)) return "invalid";
  if (!exact && args.every(Number.isFinite)) {
    if (name === "divide") return "division by 0";
    if (name === "log") return "log of 0";
    return args[0] > 0 ? "overflow" : "underflow"; // an exponential far outside
  }
  return "exact";
}

/* The bits of a number of a format: sign, exponent and fraction as strings of 0 and 1. */
function bitsOf(value, format) {
  const { exponent, fraction, bias, lowest } = format;
  const { sign, m, e } = exactly(Number.isFinite(value) ? value : 1);
  let [power, rest] = [0n, 0n];
  if (!Number.isFinite(value)) {
    power = (1n << BigInt(exponent)) - 1n;
    if (Number.isNaN(value)) rest = 1n << BigInt(fraction - 1);
  } else if (m) {
    const top = lengthOf(m) - 1 + e;
    const last = Math.max(top, lowest) - fraction;
    const whole = shifted(m, e - last);
    if (top >= lowest) [power, rest] = [BigInt(top + bias), whole - (1n << BigInt(fraction))];
    else rest = whole;
  }
  const written = (number, length) => (length ? number.toString(2).padStart(length, "0") : "");
  const below = Number.isNaN(value) ? false : value < 0 || sign < 0;
  return [below || value === -Infinity ? "1" : "0", written(power, exponent), written(rest, fraction)];
}
const hexOf = (bits) => {
  const all = bits.join("");
  return `0x${BigInt(`0b${all}`).toString(16).toUpperCase().padStart(all.length / 4, "0")}`;
};

/* The next number of a format above or below a finite one. */
function beside(value, up, format) {
  const { fraction, lowest, tiny } = format;
  if (value === 0) return up ? tiny : -tiny;
  const { m, e } = exactly(value);
  const last = Math.max(lengthOf(m) - 1 + e, lowest) - fraction;
  const away = up === value > 0;
  const edge = !away && m === 1n << BigInt(lengthOf(m) - 1) && last > lowest - fraction; // below it they lie closer
  const step = powerOfTwo(edge ? last - 1 : last);
  return rounded(value + (up ? step : -step), format);
}

/* An exact number in decimals, with so many digits. */
function decimal({ sign, m, e }, digits = 6) {
  if (!m) return "0";
  let power = Math.floor((lengthOf(m) - 1 + e) * Math.LOG10E * Math.LN2);
  for (;;) {
    const scale = digits - 1 - power;
    const top = m * (scale > 0 ? 10n ** BigInt(scale) : 1n) * (e > 0 ? 1n << BigInt(e) : 1n);
    const bottom = (scale < 0 ? 10n ** BigInt(-scale) : 1n) * (e < 0 ? 1n << BigInt(-e) : 1n);
    const written = ((2n * top + bottom) / (2n * bottom)).toString();
    if (written.length > digits) power += 1;
    else if (written.length < digits) power -= 1;
    else return writtenOut(sign < 0, written, power);
  }
}

/* Digits and a power of ten as a person writes them. */
function writtenOut(below, digits, power) {
  const short = digits.replace(/0+$/, "");
  const minus = below ? "−" : "";
  if (power < -4 || power > 15) {
    const part = short.length > 1 ? `${short[0]}.${short.slice(1)}` : short;
    return `${minus}${part}e${power < 0 ? "−" : ""}${Math.abs(power)}`;
  }
  if (power < 0) return `${minus}0.${"0".repeat(-power - 1)}${short}`;
  const whole = short.slice(0, power + 1).padEnd(power + 1, "0");
  return `${minus}${whole}${short.length > power + 1 ? `.${short.slice(power + 1)}` : ""}`;
}

/* How far a value lies from the exact one, in units of its last place. */
function offBy(value, exact, format) {
  const e = Math.min(exact.e, -1074 - 60);
  const of = ({ sign, m, e: own }) => BigInt(sign) * shifted(m, own - e);
  const off = of(exactly(value)) - of(exact);
  const { m, e: own } = exactly(value === 0 ? format.tiny : value);
  const last = Math.max(lengthOf(m) - 1 + own, format.lowest) - format.fraction;
  return Number((1000n * off) / (1n << BigInt(last - e))) / 1000;
}

return { FORMATS, rounded, exactly, nearest, operate, happened, bitsOf, hexOf, beside, decimal, offBy };
})();
/* Softmax and what is made of it, as lists of single operations in a format. */

const programs = (() => {
const { FORMATS, rounded, exactly, nearest, operate, happened } = formats;
const MOST_LOGITS = 8;
const LONGEST_TEXT = 200;

const WANTED = { softmax: "softmax", log: "log-softmax", loss: "cross-entropy" };
const WAYS = {
  formula: "as the formula is written",
  shifted: "softmax with the largest subtracted",
  logits: "from the logits",
};
/* What can be had in which way. */
const waysTo = (want) => Object.keys(WAYS).filter((way) => want !== "softmax" || way !== "logits");

/* Logits from a text: { values } or { error, at }, the place of the first sign that is wrong, counted from 1. */
function parsedLogits(text) {
  if (text.length > LONGEST_TEXT) return { error: `longer than ${LONGEST_TEXT} signs`, at: LONGEST_TEXT + 1 };
  const values = [];
  for (const { 0: word, index } of text.matchAll(/[^\s,;]+/g)) {
    const plain = word.replaceAll("−", "-");
    const endless = /^([+-]?)(inf|infinity|∞)$/i.exec(plain);
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
    if (!endless && Number.isNaN(number)) return { error: `“${word}” is no number`, at: index + 1 };
    if (!endless && !Number.isFinite(number)) return { error: `${word} is beyond float64`, at: index + 1 };
    if (values.length === MOST_LOGITS) return { error: `more than ${MOST_LOGITS} logits`, at: index + 1 };
    values.push(endless ? (endless[1] === "-" ? -Infinity : Infinity) : number);
  }
  return values.length ? { values } : { error: "no number", at: 1 };
}

/* The steps of a program: [{ words, value, exact, what, stage, name, args }], and what it returns. */
function steps(logits, format, want, way, y = 0) {
  const done = [];
  const step = (words, stage, name, ...args) => {
    const one = { words, stage, ...operate(name, args, format) };
    done.push(one);
    return one.value;
  };
  const each = (list, make) => list.map((value, i) => make(value, i));
  let z = each(logits, (given, i) => {
    const value = rounded(given, format);
    const exact = Number.isFinite(given) ? exactly(given) : null;
    const what = happened("store", [given], value, exact, format);
    done.push({ words: `z[${i}]`, stage: "store", name: "store", args: [given], value, exact, what });
    return value;
  });
  if (way !== "formula") {
    const m = step("m = max(z)", "largest", "largest", ...z);
    z = each(z, (value, i) => step(`d[${i}] = z[${i}] − m`, "shift", "subtract", value, m));
  }
  const d = way === "formula" ? "z" : "d";
  const e = each(z, (value, i) => step(`e[${i}] = exp(${d}[${i}])`, "exp", "exp", value));
  let s = e[0];
  for (let i = 1; i < e.length; i++) {
    s = step(`s = ${i > 1 ? "s" : "e[0]"} + e[${i}]`, "sum", "add", s, e[i]);
  }
  if (e.length === 1) s = step("s = e[0]", "sum", "largest", s);
  const kept = want === "loss" ? [y] : e.map((_, i) => i);
  const ofKept = (make) => kept.map(make);
  let result;
  if (way === "logits") {
    const l = step("l = log(s)", "log", "log", s);
    result = ofKept((i) => step(`log p[${i}] = d[${i}] − l`, "result", "subtract", z[i], l));
  } else {
    result = ofKept((i) => step(`p[${i}] = e[${i}] / s`, want === "softmax" ? "result" : "divide", "divide", e[i], s));
    if (want !== "softmax") {
      result = ofKept((i, k) => step(`log p[${i}]`, want === "log" ? "result" : "log", "log", result[k]));
    }
  }
  if (want === "loss") result = [step(`loss = −log p[${y}]`, "result", "negate", result[0])];
  return { steps: done, result };
}

/* What would be right for the typed logits: in float64, from the logits, by the way that loses nothing on it. */
function rightAnswer(logits, want, y) {
  const { result } = steps(logits, FORMATS.float64, want === "softmax" ? "log" : want, "logits", y);
  return want === "softmax" ? result.map((log) => operate("exp", [log], FORMATS.float64).value) : result;
}

/* How far an answer is off, at worst. Probabilities: relative to the right one. Logarithms: absolutely up to 1, which
   is relatively in p, and relatively beyond. */
function worstOf(result, right, format, logs) {
  return Math.max(...result.map((value, i) => {
    if (value === right[i] || (Number.isNaN(right[i]) && Number.isNaN(value))) return 0;
    if (rounded(right[i], format) === value) return 0; // the nearest that there is
    if (!Number.isFinite(value)) return Infinity;
    return Math.abs(value - right[i]) / (logs ? Math.max(Math.abs(right[i]), 1) : Math.max(right[i], format.tiny));
  }));
}

const WRONG = 0.05; // as in chapter 6: a finite answer that is off by more
const LOUD = ["overflow", "invalid", "division by 0", "log of 0"];

/* Runs a program and judges it: { steps, result, right, off, verdict: "right" | "wrong" | "lost" | "none", breaks }.
   `breaks` is the step that the damage comes from, -1 where none was done. */
function judge(logits, format, want, way, y = 0) {
  const run = steps(logits, format, want, way, y);
  const right = rightAnswer(logits, want, y);
  const off = worstOf(run.result, right, format, want !== "softmax");
  const none = right.some(Number.isNaN);
  const verdict = none ? "none" : off === Infinity ? "lost" : off > WRONG ? "wrong" : "right";
  const breaks = verdict === "wrong" || verdict === "lost" ? cause(run.steps) : -1;
  return { ...run, right, off, verdict, breaks };
}

/* The step that spoils a result: the first that leaves the numbers of the format; else the first that becomes 0;
   else the one that was moved the most. */
function cause(all) {
  for (const kinds of [LOUD, ["underflow"]]) {
    const at = all.findIndex(({ what }) => kinds.includes(what));
    if (at >= 0) return at;
  }
  const moved = all.map(({ value, exact, stage }) =>
    exact && ["store", "shift"].includes(stage) ? Math.abs(value - nearest(exact, FORMATS.float64)) : 0);
  const most = Math.max(...moved);
  if (most > 0.01) return moved.indexOf(most);
  return all.findIndex(({ what }) => what === "subnormal" || what === "rounded");
}

return { WANTED, WAYS, MOST_LOGITS, waysTo, parsedLogits, steps, rightAnswer, judge };
})();
/* The look of what only the numbers lab has. */

const NUMBERS_STYLE = `
.actlab-lab .lab-logits { width: 100%; min-height: 2.25rem; padding: 0 0.5rem; font: inherit; color: var(--ink);
  background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px; }
.actlab-lab .lab-logits[aria-invalid="true"] { border: 2px dashed var(--ink); }
.actlab-lab .lab-logits:focus-visible, .actlab-lab .lab-steps:focus-visible { outline: 3px solid var(--mark);
  outline-offset: 2px; }
.actlab-lab .lab-outcome { min-height: 4.2em; overflow-wrap: anywhere; }
.actlab-lab .lab-now { min-height: 11rem; padding: 0.4rem 0.7rem; border: 1px solid var(--quiet); border-radius: 4px;
  background: var(--raised); overflow-wrap: anywhere; }
.actlab-lab .lab-pattern-now { display: flex; flex-wrap: wrap; gap: 0.2rem 0.8rem; }
.actlab-lab .lab-field > span:first-child { display: block; font-size: 0.8rem; }
.actlab-lab .lab-bits { display: flex; flex-wrap: wrap; }
.actlab-lab .lab-bits b { width: 0.95rem; margin: 0 -1px -1px 0; border: 1px solid var(--quiet); text-align: center;
  font: 0.8rem/1.35 monospace; }
.actlab-lab .lab-exponent b { background: var(--ground); border-style: dashed; font-weight: 700; }
.actlab-lab .lab-steps { height: 24rem; margin: 0.6rem 0; overflow-y: auto; border: 1px solid var(--quiet);
  border-radius: 4px; position: relative; padding: 0 0.5rem; }
.actlab-lab .lab-steps th:first-child { width: 3.4rem; padding-left: 0.3rem; }
.actlab-lab .lab-steps :is(th, td) { text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.actlab-lab .lab-steps :is(th, td):nth-child(2) { width: 30%; }
.actlab-lab .lab-steps :is(th, td):nth-child(4) { width: 22%; }
.actlab-lab .lab-steps tbody tr { cursor: pointer; }
.actlab-lab .lab-steps tr[aria-current] { background: var(--raised); box-shadow: inset 4px 0 var(--mark); }
.actlab-lab .lab-breaks :is(th, td) { font-weight: 700; }
.actlab-lab .lab-pattern { display: block; font: 0.72rem/1.3 monospace; color: var(--quiet); }
.actlab-lab .lab-overview th:first-child { width: 6.5rem; font-weight: 600; }
.actlab-lab .lab-overview :is(th, td) { text-align: left; }
.actlab-lab .lab-overview td[aria-current] { font-weight: 700; text-decoration: underline; }
@media (max-width: 640px) {
  .actlab-lab .lab-now { min-height: 17rem; }
  .actlab-lab .lab-outcome { min-height: 7em; }
  .actlab-lab .lab-overview th:first-child { width: 5.2rem; }
}
@media (pointer: coarse), (max-width: 640px) { .actlab-lab .lab-logits { min-height: 2.75rem; } }
`;
/* The numbers lab: softmax and its relatives in a format of the reader's choice, one operation after the other. */

const NUMBERS = { z: "10, 11, 12", format: "float16", want: "softmax", how: "formula", target: 0, step: 0 };
const DIGITS = { float16: 5, bfloat16: 4, float32: 9, float64: 17, float8_e5m2: 4 };
const SHORT_WAYS = { formula: "formula", shifted: "largest subtracted", logits: "from the logits" };

/* A setting of the numbers lab from an address; what it says wrongly is the default, but a text of logits stays as it
   is typed. step: 1 for the first; 0 for where it breaks. */
function readNumbers(query) {
  const { WANTED, waysTo, MOST_LOGITS } = programs;
  const read = {
    z: (text) => text,
    format: oneOf(formats.FORMATS),
    want: oneOf(WANTED),
    target: within(0, MOST_LOGITS - 1, true),
    step: within(0, 999, true),
  };
  const found = { ...NUMBERS };
  for (const [key, reader] of Object.entries(read)) {
    const value = query.has(key) ? reader(query.get(key)) : undefined;
    if (value !== undefined) found[key] = value;
  }
  if (waysTo(found.want).includes(query.get("how"))) found.how = query.get("how");
  return found;
}
function writeNumbers(query, setting) {
  for (const [key, value] of Object.entries(setting)) if (value !== NUMBERS[key]) query.set(key, value);
}

/* A number with the digits that tell it from its neighbours in its format. */
function digitsOf(value, format) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "−inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "−0" : "0";
  return formats.decimal(formats.exactly(value), DIGITS[format]);
}

const NAMED = {
  nearest: "rounded", exact: "exact", rounded: "rounded", subnormal: "subnormal", underflow: "underflow to 0",
  overflow: "overflow", invalid: "no value", "nan before": "nan goes in",
};

/* What happened in a step, in a sentence or two. */
function told(one, format, all) {
  const of = formats.FORMATS[format];
  const { what, exact, value, args } = one;
  const before = exact && `Before rounding: ${formats.decimal(exact, DIGITS[format] + 3)}.`;
  const off = () => {
    const size = Math.abs(formats.offBy(value, exact, of));
    return `Off by ${size < 0.001 ? "less than 0.001" : said(size)} of its last place.`;
  };
  const pair = args.map((arg) => digitsOf(arg, format)).join(one.name === "divide" ? " / " : " − ");
  if (what === "exact") return "Nothing is rounded: the result is a number of the format.";
  if (what === "rounded") return `${before} ${off()}`;
  if (what === "subnormal") {
    const { lowest, fraction } = of;
    const normal = digitsOf(of.tiny * 2 ** fraction, format);
    return `${before} Below ${normal}, 2^${said(lowest)}, the numbers are subnormal: the first place is 0, and fewer ` +
      `digits are left. ${off()}`;
  }
  if (what === "underflow") {
    return `${before ?? "The result is smaller than any number of any format here."} That is nearer to 0 than to the ` +
      `least number above it, ${digitsOf(of.tiny, format)}.`;
  }
  if (what === "overflow") {
    return `${before ?? "The result is beyond all formats."} The largest number of the format is ` +
      `${digitsOf(of.largest, format)}.`;
  }
  if (what === "division by 0") return `${pair}: a number divided by 0. ${source(all, "underflow")}`.trim();
  if (what === "log of 0") return `The logarithm of 0 is −inf. ${source(all, "underflow")}`.trim();
  if (what === "invalid") {
    return `${pair} has no value, so it is nan. ${source(all, args.includes(0) ? "underflow" : "overflow")}`.trim();
  }
  return `A nan went in. ${source(all, "overflow")}`.trim();
}
function source(all, kind) {
  const at = all.findIndex(({ what }) => what === kind);
  return at < 0 ? "" : `It comes from step ${at + 1}, ${all[at].words}.`;
}

/* A number as its three fields say it. */
function decoded(value, format) {
  const { FORMATS, bitsOf } = formats;
  const { lowest, bias } = FORMATS[format];
  const [sign, power, fraction] = bitsOf(value, FORMATS[format]);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : "infinity: exponent all 1, fraction all 0";
  const minus = sign === "1" ? "−" : "+";
  const part = fraction.length ? parseInt(fraction, 2) / 2 ** fraction.length : 0;
  if (!power.includes("1")) {
    return part ? `${minus} ${said(part, 8)} × 2^${said(lowest)}, subnormal` : `${minus}0`;
  }
  return `${minus} ${said(1 + part, 8)} × 2^${said(parseInt(power, 2) - bias, 5)}`;
}

const share = (off) => (off < 1e-3 ? said(100 * off, 1) : said(100 * off, 2));
function judgement({ verdict, off, breaks, result }) {
  const step = breaks < 0 ? "" : `, step ${breaks + 1}`;
  if (verdict === "none") return "no right answer";
  if (verdict === "right") return "right";
  if (verdict === "wrong") return `${share(off)} % off${step}`;
  if (result.some(Number.isNaN)) return `nan${step}`;
  return `infinite${step}`;
}

class Numbers {
  constructor(root) {
    this.root = root;
    this.name = `lab${++labs}`;
    this.ends = [];
    this.setting = readNumbers(givenState(root));
    this.build();
    this.compute();
    this.listen();
  }

  build() {
    const { WANTED } = programs;
    const id = (words) => `${this.name}-${words}`;
    const select = (words, key, options, read = (v) => v) => {
      const made = make("select", { id: id(key), autocomplete: "off", on: {
        change: (event) => this.change({ [key]: read(event.target.value), step: 0 }),
      } });
      this.selects[key] = [made, options];
      return make("div", {}, make("label", { for: id(key) }, words), made);
    };
    this.selects = {};
    const titles = Object.fromEntries(Object.entries(formats.FORMATS).map(([key, { title }]) => [key, title]));
    this.field = make("input", {
      id: id("z"), type: "text", class: "lab-logits", autocomplete: "off", spellcheck: "false", autocapitalize: "off",
      maxlength: "240", "aria-describedby": id("wrong"),
      on: { input: (event) => this.change({ z: event.target.value, step: 0 }) },
    });
    this.wrong = make("p", { id: id("wrong"), role: "status", class: "lab-said" });
    this.said = make("p", { role: "status", class: "lab-said" });
    this.outcome = make("p", { class: "lab-outcome", role: "status" });
    const button = (words, act, more = {}) => make("button", { type: "button", ...more, on: { click: act } }, words);
    this.before = button("Previous", () => this.go(this.at - 1));
    this.next = button("Next", () => this.go(this.at + 1), { class: "lab-main" });
    this.toBreak = button("Where it breaks", () => this.go(this.found.breaks));
    this.now = make("div", { class: "lab-now" });
    this.heard = make("p", { class: "lab-heard", role: "status" });
    this.all = make("tbody");
    this.overview = make("table", { class: "lab-overview" });
    const head = (...words) => make("thead", {}, make("tr", {}, ...words.map((w) => make("th", { scope: "col" }, w))));
    this.root.replaceChildren(
      make("div", { class: "actlab-lab-settings", role: "group", "aria-label": "Settings" },
        make("div", { class: "lab-wide" }, make("label", { for: id("z") }, "logits z"), this.field, this.wrong),
        select("format", "format", () => titles),
        select("result", "want", () => WANTED),
        select("program", "how", () =>
          Object.fromEntries(programs.waysTo(this.setting.want).map((way) => [way, programs.WAYS[way]]))),
        select("right class", "target", () => (this.setting.want !== "loss" ? { " 0": "for the cross-entropy only" } :
          Object.fromEntries(this.logits.map((z, i) => [` ${i}`, `${i}, of logit ${digitsOf(z, "float64")}`]))), Number)),
      make("div", { class: "actlab-lab-row" },
        button(copyWords(this.root), () => this.copy())),
      this.said,
      this.outcome,
      make("div", { class: "actlab-lab-row" }, this.before, this.next, this.toBreak),
      this.now,
      make("div", { class: "lab-steps", tabindex: "0", role: "region", "aria-label": "All steps" },
        make("table", {}, make("caption", {}, "All steps: each result, its bits (sign, exponent, fraction), and " +
          "what became of it"), head("step", "operation", "result and bits", "what"), this.all)),
      this.overview, this.heard);
    this.field.value = this.setting.z;
  }

  change(what) {
    this.setting = { ...this.setting, ...what };
    if (!programs.waysTo(this.setting.want).includes(this.setting.how)) this.setting.how = "shifted";
    this.said.textContent = "";
    this.compute();
    this.address();
  }

  /* Runs the program; a text that is no logits is told of, and the last ones that were stay. */
  compute() {
    const { setting } = this;
    const read = programs.parsedLogits(setting.z);
    this.field.setAttribute("aria-invalid", String(Boolean(read.error)));
    this.logits = read.values ?? this.logits ?? programs.parsedLogits(NUMBERS.z).values;
    const kept = this.logits.map((z) => digitsOf(z, "float64")).join(", ");
    this.wrong.textContent = read.error
      ? `Position ${read.at}: ${read.error}. Type up to ${programs.MOST_LOGITS} numbers with commas or spaces between ` +
        `them, inf and -inf among them. Below are still ${kept}.`
      : "";
    setting.target = Math.min(setting.target, this.logits.length - 1);
    for (const [key, [element, options]] of Object.entries(this.selects)) {
      const value = key === "target" ? ` ${setting.want === "loss" ? setting.target : 0}` : setting[key];
      element.replaceChildren(...Object.entries(options()).map(([one, words]) =>
        make("option", { value: one, selected: one === value }, words)));
      element.value = value;
    }
    this.selects.target[0].disabled = setting.want !== "loss";
    const of = formats.FORMATS[setting.format];
    this.found = programs.judge(this.logits, of, setting.want, setting.how, setting.target);
    this.sayOutcome();
    this.listSteps();
    this.compare();
    const start = Math.max(0, this.found.breaks);
    this.go(setting.step ? Math.min(setting.step, this.found.steps.length) - 1 : start, false);
  }

  sayOutcome() {
    const { format, want, how } = this.setting;
    const { result, right, verdict, off, breaks, steps } = this.found;
    const list = (values, of) => values.map((value) => digitsOf(value, of)).join(", ");
    const name = want === "loss" ? "The loss" : want === "log" ? "The log-softmax" : "The softmax";
    const true_ = right.map((value) => said(value, 4)).join(", ");
    const [what, of] = [programs.WAYS[how], formats.FORMATS[format].title];
    const begin = `${name}, ${what}, in ${of}: ${list(result, format)}.`;
    const end = {
      right: `Right: off by ${share(off)} % at most.`,
      wrong: `Off by ${share(off)} %: right is ${true_}.`,
      lost: `Right is ${true_}.`,
      none: "These logits have no right answer: infinity minus infinity is nothing.",
    }[verdict];
    const place = breaks < 0 ? "" :
      ` ${verdict === "lost" ? "It breaks" : "The digits are lost"} in step ${breaks + 1}, ${steps[breaks].words}.`;
    this.outcome.textContent = `${begin} ${end}${place}`;
    this.toBreak.disabled = breaks < 0;
  }

  listSteps() {
    const { format } = this.setting;
    this.all.replaceChildren(...this.found.steps.map((one, i) => {
      const bits = formats.bitsOf(one.value, formats.FORMATS[format]);
      return make("tr", { on: { click: () => this.go(i) }, class: i === this.found.breaks ? "lab-breaks" : null },
        make("th", { scope: "row" }, String(i + 1)), make("td", {}, one.words),
        make("td", {}, digitsOf(one.value, format), make("span", { class: "lab-pattern" }, bits.join(" "))),
        make("td", {}, `${NAMED[one.what] ?? one.what}${i === this.found.breaks ? ": here" : ""}`));
    }));
  }

  /* All programs in all formats, for these logits. */
  compare() {
    const { want, target, format, how } = this.setting;
    const ways = programs.waysTo(want);
    const cell = (key, way) => make("td", { "aria-current": key === format && way === how ? "true" : null },
      judgement(programs.judge(this.logits, formats.FORMATS[key], want, way, target)));
    this.overview.replaceChildren(
      make("caption", {}, `These logits in all formats: is the ${programs.WANTED[want]} right, and if not, where is ` +
        "it lost?"),
      make("thead", {}, make("tr", {}, make("td"), ...ways.map((way) => make("th", { scope: "col" }, SHORT_WAYS[way])))),
      make("tbody", {}, ...Object.entries(formats.FORMATS).map(([key, { title }]) =>
        make("tr", {}, make("th", { scope: "row" }, title), ...ways.map((way) => cell(key, way))))));
  }

  go(step, heard = true) {
    const { format } = this.setting;
    const { steps, breaks } = this.found;
    this.at = Math.min(steps.length - 1, Math.max(0, step));
    const one = steps[this.at];
    const bits = formats.bitsOf(one.value, formats.FORMATS[format]);
    const group = (words, digits) => make("div", { class: "lab-field" }, make("span", {}, words),
      make("span", { class: `lab-bits lab-${words}` }, ...[...digits].map((bit) => make("b", {}, bit))));
    const names = ["sign", "exponent", "fraction"];
    const words = `Step ${this.at + 1} of ${steps.length}: ${one.words}`;
    const result = digitsOf(one.value, format);
    const reason = told(one, format, steps);
    const here = this.at === breaks ? " Here it breaks." : "";
    this.now.replaceChildren(
      make("p", { class: "lab-title" }, `${words} = ${result}`),
      make("div", { class: "lab-pattern-now", "aria-hidden": "true" }, ...names.map((name, i) => group(name, bits[i]))),
      make("p", {}, `${decoded(one.value, format)}; ${formats.hexOf(bits)}. ${reason}${here}`));
    this.before.disabled = this.at === 0;
    this.next.disabled = this.at === steps.length - 1;
    [...this.all.rows].forEach((row, i) => {
      if (i === this.at) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    const row = this.all.rows[this.at];
    const frame = this.all.closest(".lab-steps");
    if (row.offsetTop < frame.scrollTop || row.offsetTop + row.offsetHeight > frame.scrollTop + frame.clientHeight) {
      frame.scrollTop = row.offsetTop - frame.clientHeight / 2;
    }
    if (!heard) return;
    this.heard.textContent = `${words} = ${result}. ${reason}${here}`;
    this.setting.step = this.at === Math.max(0, breaks) ? 0 : this.at + 1;
    this.address();
  }

  link() {
    const query = new URLSearchParams();
    writeNumbers(query, this.setting);
    const words = query.toString();
    return `${location.pathname}${words && `?${words}`}${location.hash}`;
  }

  address() {
    if (isEmbedded(this.root)) return;
    clearTimeout(this.later); // a browser allows a hundred changes in half a minute
    this.later = setTimeout(() => {
      try {
        history.replaceState(null, "", this.link());
      } catch {
        // a frame without an address of its own
      }
    }, 400);
  }

  copy() {
    if (isEmbedded(this.root)) return handOn([asCall("numbers", this.link()), CALL], this.said);
    return handOn([new URL(this.link(), location.href).href, "The link to this setting"], this.said);
  }

  listen() {
    if (isEmbedded(this.root)) return;
    // a link to a setting on this very page moves the lab, without a new page
    const follow = (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      const there = new URL(link.href);
      if (there.pathname !== location.pathname || there.host !== location.host || !there.search) return;
      event.preventDefault();
      this.setting = readNumbers(there.searchParams);
      this.field.value = this.setting.z;
      this.change({});
      this.root.scrollIntoView({ block: "start" });
      this.field.focus({ preventScroll: true });
    };
    document.addEventListener("click", follow);
    this.ends.push(() => document.removeEventListener("click", follow));
  }

  close() {
    clearTimeout(this.later);
    this.ends.forEach((end) => end());
    this.root.replaceChildren();
  }
}
/* What an element of the page becomes, by its data-kind; without one, the lab that trains. */
const KINDS = { train: Lab, explore: Explorer, numbers: Numbers };

/* Puts a lab in the place of what an element holds; returns what takes it away again. */
function mount(element) {
  if (!document.getElementById("actlab-lab-style")) {
    document.head.append(make("style", { id: "actlab-lab-style" }, STYLE + NUMBERS_STYLE));
  }
  const lab = new KINDS[element.dataset.kind ?? "train"](element);
  element.dataset.ready = "";
  return () => lab.close();
}

window.actlabLab = {
  mount,
  ready,
  engine: {
    FUNCTIONS, CATALOG, STARTS, Random, Network, Trainer, functionOf, kinksOf, gainOf, erfcx, judged, layerStatistics,
    surface, drawTask, pointsIn, student, paired, summary, verdict, manyStarts, begun, readSetting, writeSetting,
    settingsOf, layersOf,
    formats, programs, readNumbers, writeNumbers, asCall,
    value: (f, z) => [f(z), slope],
    typed, bendOf, Theory, FORMATS, limitsOf, roundedTo,
  },
};
})();
